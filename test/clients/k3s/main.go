// What k3s does to pull an image, through the libraries that it is made of: it reads registries.yaml with rancher/wharfie, and asks
// containerd over CRI (k3s itself is no module that can be fetched). Prints the image's digest.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/rancher/wharfie/pkg/registries"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const usage = `k3s wharfie <registries.yaml> <image>     reads the file and pulls by it
k3s cri <socket of containerd> <image>    asks containerd, as a kubelet does`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) != 3 {
		return errors.New(usage)
	}
	switch arguments[0] {
	case "wharfie":
		return pull(arguments[1], arguments[2])
	case "cri":
		return ask(arguments[1], arguments[2])
	}
	return errors.New(usage)
}

func pull(file, image string) error {
	private, err := registries.GetPrivateRegistries(file)
	if err != nil {
		return err
	}
	reference, err := name.ParseReference(image)
	if err != nil {
		return err
	}
	found, err := private.Image(reference)
	if err != nil {
		return err
	}
	layers, err := found.Layers()
	if err != nil {
		return err
	}
	for _, layer := range layers {
		if err := drain(layer); err != nil {
			return err
		}
	}
	digest, err := found.Digest()
	if err == nil {
		fmt.Println(digest)
	}
	return err
}

// drain reads a layer to its end, where its digest is compared.
func drain(layer v1.Layer) error {
	content, err := layer.Compressed()
	if err != nil {
		return err
	}
	defer content.Close()
	_, err = io.Copy(io.Discard, content)
	return err
}

func ask(socket, image string) error {
	connection, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	request := &runtime.PullImageRequest{Image: &runtime.ImageSpec{Image: image}}
	answer, err := runtime.NewImageServiceClient(connection).PullImage(context.Background(), request)
	if err == nil {
		fmt.Println(answer.ImageRef)
	}
	return err
}
