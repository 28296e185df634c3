// SPDX-FileCopyrightText: 2026 The Brobygger authors
// SPDX-License-Identifier: MPL-2.0

package brobygger_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/brobygger/brobygger/bridge"
	brobygger "github.com/brobygger/brobygger/clients/go"
)

// A token may come from a file that something else keeps fresh.
func tokenFromFile(context.Context) (string, error) {
	data, err := os.ReadFile("/run/brobygger/token")
	return strings.TrimSpace(string(data)), err
}

// Listening: show what comes, and go on over every loss of the connection.
func ExampleDial() {
	client, err := brobygger.Dial(context.Background(), brobygger.Options{
		URL:   "https://bro.example.dk",
		Token: tokenFromFile,
		On: brobygger.Handlers{
			Message: func(m brobygger.Message) {
				if m.Message == nil {
					fmt.Println("withheld:", m.Withheld)
					return
				}
				for _, p := range m.Message.Parts {
					fmt.Println(m.By, p.Text)
				}
			},
			State: func(s brobygger.State, cause error) { log.Println(s, cause) },
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	<-client.Done() // signed out, or told to stop
	log.Println(client.Err())
}

// Writing to whoever treats the patient, and asking the patient where that needs
// a consent.
func ExampleClient_Send() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	queue, err := brobygger.OpenFileQueue("/var/lib/clinic/unsent")
	if err != nil {
		log.Fatal(err)
	}
	client, err := brobygger.New(brobygger.Options{URL: "https://bro.example.dk", Token: tokenFromFile, Queue: queue})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	conversation, err := client.Open(ctx, bridge.NewConversation{
		Patient: "7f3c", Purpose: bridge.PurposeTreatment,
		Members: []bridge.Party{{Function: bridge.FunctionTreatingPsychiatrist}},
	})
	if err != nil {
		log.Fatal(err)
	}
	sending, err := client.Send(bridge.Draft{
		Conversation: conversation.ID,
		Parts:        []bridge.Part{{Topics: []bridge.Topic{bridge.TopicMedication}, Text: "Who follows the blood tests up?"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	sent, err := sending.Wait(ctx)
	var denied *brobygger.ConsentError
	if errors.As(err, &denied) {
		fmt.Println("not permitted:", denied.Reasons)
		_, err = denied.Ask(ctx, "so that your doctor and your psychiatrist can agree on the tests")
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sent", sent.Message)
}

// Resuming in another process: keep the position beside what was stored from it.
func ExampleClient_Position() {
	client, err := brobygger.New(brobygger.Options{
		URL: "https://bro.example.dk", Token: tokenFromFile,
		Resume: &bridge.Position{Log: "6c1f", N: 10421},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if place, ok := client.Position(); ok {
		fmt.Println(place.Log, place.N)
	}
}
