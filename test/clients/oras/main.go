// What the oras command does, through the library it is made of (oras.land/oras-go/v2): the command itself cannot be
// had as a module everywhere. Each command prints one digest a line. Registries on 127.0.0.1 are reached over plain HTTP.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/file"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"
)

const usage = `oras push <folder> <reference> <artifact type> <file>...
oras attach <folder> <subject> <artifact type> <file>...
oras discover <subject> [artifact type]
oras pull <reference> <folder>
oras copy <reference> <reference>      with everything that refers to it; blobs are mounted within a registry
oras tags <repository>
oras delete <reference>
oras login <registry> <user> <password> kept where Docker keeps it (DOCKER_CONFIG)
oras logout <registry>`

var commands = map[string]struct {
	leastArguments int
	run            func(context.Context, []string) error
}{
	"push":     {4, push},
	"attach":   {4, attach},
	"discover": {1, discover},
	"pull":     {2, pull},
	"copy":     {2, copyGraph},
	"tags":     {1, tags},
	"delete":   {1, remove},
	"login":    {3, login},
	"logout":   {1, logout},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New(usage)
	}
	command, known := commands[arguments[0]]
	if !known || len(arguments)-1 < command.leastArguments {
		return errors.New(usage)
	}
	return command.run(context.Background(), arguments[1:])
}

func open(reference string) (*remote.Repository, error) {
	repository, err := remote.NewRepository(reference)
	if err != nil {
		return nil, err
	}
	repository.PlainHTTP = isPlain(repository.Reference.Registry)
	store, err := logins()
	if err != nil {
		return nil, err
	}
	repository.Client = &auth.Client{
		Client:     retry.DefaultClient,
		Cache:      auth.NewCache(),
		Credential: credentials.Credential(store),
	}
	return repository, nil
}

func isPlain(registry string) bool {
	return strings.HasPrefix(registry, "127.0.0.1:")
}

func logins() (credentials.Store, error) {
	return credentials.NewStoreFromDocker(credentials.StoreOptions{AllowPlaintextPut: true})
}

func login(ctx context.Context, arguments []string) error {
	store, err := logins()
	if err != nil {
		return err
	}
	registry, err := remote.NewRegistry(arguments[0])
	if err != nil {
		return err
	}
	registry.PlainHTTP = isPlain(arguments[0])
	credential := auth.Credential{Username: arguments[1], Password: arguments[2]}
	return credentials.Login(ctx, store, registry, credential)
}

func logout(ctx context.Context, arguments []string) error {
	store, err := logins()
	if err != nil {
		return err
	}
	return credentials.Logout(ctx, store, arguments[0])
}

func push(ctx context.Context, arguments []string) error {
	repository, err := open(arguments[1])
	if err != nil {
		return err
	}
	return pack(ctx, arguments, repository, nil)
}

func attach(ctx context.Context, arguments []string) error {
	repository, subject, err := resolve(ctx, arguments[1])
	if err != nil {
		return err
	}
	return pack(ctx, arguments, repository, &subject)
}

// pack sends files of a folder as one artifact: under the reference's tag, or by digest when it has a subject.
func pack(ctx context.Context, arguments []string, repository *remote.Repository, subject *ocispec.Descriptor) error {
	store, err := file.New(arguments[0])
	if err != nil {
		return err
	}
	defer store.Close()
	var layers []ocispec.Descriptor
	for _, name := range arguments[3:] {
		layer, err := store.Add(ctx, name, "", "")
		if err != nil {
			return err
		}
		layers = append(layers, layer)
	}
	options := oras.PackManifestOptions{Subject: subject, Layers: layers}
	manifest, err := oras.PackManifest(ctx, store, oras.PackManifestVersion1_1, arguments[2], options)
	if err != nil {
		return err
	}
	if subject != nil {
		err = oras.CopyGraph(ctx, store, repository, manifest, oras.DefaultCopyGraphOptions)
	} else if err = store.Tag(ctx, manifest, manifest.Digest.String()); err == nil {
		tag := repository.Reference.Reference
		_, err = oras.Copy(ctx, store, manifest.Digest.String(), repository, tag, oras.DefaultCopyOptions)
	}
	if err == nil {
		fmt.Println(manifest.Digest)
	}
	return err
}

func resolve(ctx context.Context, reference string) (*remote.Repository, ocispec.Descriptor, error) {
	repository, err := open(reference)
	if err != nil {
		return nil, ocispec.Descriptor{}, err
	}
	found, err := repository.Resolve(ctx, repository.Reference.Reference)
	return repository, found, err
}

func discover(ctx context.Context, arguments []string) error {
	repository, subject, err := resolve(ctx, arguments[0])
	if err != nil {
		return err
	}
	wanted := ""
	if len(arguments) > 1 {
		wanted = arguments[1]
	}
	return repository.Referrers(ctx, subject, wanted, func(page []ocispec.Descriptor) error {
		for _, referrer := range page {
			fmt.Println(referrer.Digest, referrer.ArtifactType)
		}
		return nil
	})
}

func pull(ctx context.Context, arguments []string) error {
	repository, err := open(arguments[0])
	if err != nil {
		return err
	}
	store, err := file.New(arguments[1])
	if err != nil {
		return err
	}
	defer store.Close()
	manifest, err := oras.Copy(ctx, repository, repository.Reference.Reference, store, "", oras.DefaultCopyOptions)
	if err == nil {
		fmt.Println(manifest.Digest)
	}
	return err
}

func copyGraph(ctx context.Context, arguments []string) error {
	source, err := open(arguments[0])
	if err != nil {
		return err
	}
	target, err := open(arguments[1])
	if err != nil {
		return err
	}
	options := oras.DefaultExtendedCopyOptions
	options.MountFrom = func(context.Context, ocispec.Descriptor) ([]string, error) {
		return []string{source.Reference.Repository}, nil
	}
	from, to := source.Reference.Reference, target.Reference.Reference
	manifest, err := oras.ExtendedCopy(ctx, source, from, target, to, options)
	if err == nil {
		fmt.Println(manifest.Digest)
	}
	return err
}

func tags(ctx context.Context, arguments []string) error {
	repository, err := open(arguments[0])
	if err != nil {
		return err
	}
	return repository.Tags(ctx, "", func(page []string) error {
		for _, tag := range page {
			fmt.Println(tag)
		}
		return nil
	})
}

func remove(ctx context.Context, arguments []string) error {
	repository, found, err := resolve(ctx, arguments[0])
	if err != nil {
		return err
	}
	return repository.Delete(ctx, found)
}
