// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

// Reads an AsyncAPI file with the public parser and exits with 1 on any error or
// warning:  node asyncapi.js docs/asyncapi.yaml
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const severities = ["error", "warning"]; // below these are hints of style
const [file] = process.argv.slice(2);
const { document, diagnostics } = await new Parser().parse(readFileSync(file, "utf8"), { source: file });
const wrong = diagnostics.filter((d) => severities[d.severity]);
for (const d of wrong) {
  console.error(`${file}:${d.range.start.line + 1}: ${severities[d.severity]}: ${d.message} (${d.code}, ${d.path.join(".")})`);
}
if (!document || wrong.length > 0) process.exit(1);
console.log(`${file}: AsyncAPI ${document.version()}, ${document.channels().length} channels, ${document.messages().length} messages`);
