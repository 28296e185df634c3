// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package seal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"
	"github.com/tink-crypto/tink-go-hcvault/v2/integration/hcvault"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// VaultConfig says where the KEK is in HashiCorp Vault's transit engine.
type VaultConfig struct {
	Address string // https://vault.example.dk:8200
	Token   string // may encrypt and decrypt with the key, read it, and to rotate: update it
	Mount   string // of the engine; "transit" if empty
	Key     string // name of the key; type aes256-gcm96, not derived
	CAFile  string // PEM of who signed Vault's certificate; the system's if empty
}

// VaultKEK is a KEK in Vault's transit engine.
type VaultKEK struct {
	aead   tink.AEAD
	client *api.Client
	key    string // path below the engine's mount
	mount  string
}

// patience is how long Vault may take for one call: somebody waits for it.
const patience = 2 * time.Second

// OpenVault returns the KEK. It does not ask Vault yet.
func OpenVault(c VaultConfig) (*VaultKEK, error) {
	if c.Mount == "" {
		c.Mount = "transit"
	}
	if c.Address == "" || c.Token == "" || c.Key == "" {
		return nil, errors.New("vault needs an address, a token and a key")
	}
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, fmt.Errorf("configuring vault: %w", config.Error)
	}
	config.Address, config.Timeout, config.MaxRetries = c.Address, patience, 0
	if c.CAFile != "" {
		if err := config.ConfigureTLS(&api.TLSConfig{CACert: c.CAFile}); err != nil {
			return nil, fmt.Errorf("configuring vault: %w", err)
		}
	}
	client, err := api.NewClient(config)
	if err != nil {
		return nil, fmt.Errorf("configuring vault: %w", err)
	}
	client.SetToken(c.Token)
	aead, err := hcvault.NewAEAD("/"+path.Join(c.Mount, "keys", c.Key), client.Logical())
	if err != nil {
		return nil, fmt.Errorf("configuring vault: %w", err)
	}
	return &VaultKEK{aead: aead, client: client, mount: c.Mount, key: c.Key}, nil
}

// away marks the error of a Vault that did not answer as it should: everything but
// a request that it understood and refused.
func away(err error) error {
	var refused *api.ResponseError
	if err == nil || errors.As(err, &refused) && refused.StatusCode == http.StatusBadRequest {
		return err
	}
	return fmt.Errorf("%w: %w", errAway, err)
}

// Encrypt implements tink.AEAD.
func (v *VaultKEK) Encrypt(plain, associated []byte) ([]byte, error) {
	wrapped, err := v.aead.Encrypt(plain, associated)
	return wrapped, away(err)
}

// Decrypt implements tink.AEAD.
func (v *VaultKEK) Decrypt(wrapped, associated []byte) ([]byte, error) {
	plain, err := v.aead.Decrypt(wrapped, associated)
	return plain, away(err)
}

// Version implements KEK: Vault writes vault:v3: in front.
func (v *VaultKEK) Version(wrapped []byte) string {
	parts := strings.SplitN(string(wrapped), ":", 3)
	if len(parts) != 3 || parts[0] != "vault" {
		return ""
	}
	return parts[1]
}

// Rotate implements KEK.
func (v *VaultKEK) Rotate(ctx context.Context) error {
	_, err := v.client.Logical().WriteWithContext(ctx, path.Join(v.mount, "keys", v.key, "rotate"), nil)
	if err != nil {
		return fmt.Errorf("rotating in vault: %w", away(err))
	}
	return nil
}

// Retire implements KEK.
func (v *VaultKEK) Retire(ctx context.Context, keep int) error {
	at := path.Join(v.mount, "keys", v.key)
	secret, err := v.client.Logical().ReadWithContext(ctx, at)
	if err != nil {
		return fmt.Errorf("reading the key in vault: %w", away(err))
	}
	if secret == nil {
		return fmt.Errorf("reading the key in vault: %w: it is not there", errAway)
	}
	latest, ok := secret.Data["latest_version"].(json.Number)
	if !ok {
		return errors.New("reading the key in vault: no latest version")
	}
	n, err := latest.Int64()
	if err != nil {
		return fmt.Errorf("reading the key in vault: %w", err)
	}
	if n <= int64(keep) {
		return nil
	}
	_, err = v.client.Logical().WriteWithContext(ctx, path.Join(at, "config"), map[string]any{"min_decryption_version": n - int64(keep) + 1})
	if err != nil {
		return fmt.Errorf("retiring in vault: %w", away(err))
	}
	return nil
}
