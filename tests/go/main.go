// Checks what a log publishes with the code that Go's own checksum database runs on.
//
// Its one argument is a directory: checkpoint and tiles at their public paths, and case.json with
// an older checkpoint, inclusion paths, a consistency path and the key to trust. It prints how many
// proofs it checked, or exits with status 1 and names the first thing that does not hold.
//
// Go's parser expects the header of its own database, and its paths carry the tile height; those
// two are done here. Everything that decides is golang.org/x/mod/sumdb.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type inclusion struct {
	Index int64
	Leaf  []byte
	Path  [][]byte
}

type published struct {
	Vkey        string
	Old         string
	Inclusion   []inclusion
	Consistency [][]byte
	directory   string
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: main DIRECTORY")
		os.Exit(64)
	}
	count, err := check(os.Args[1])
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
	fmt.Println("ok", count)
}

func check(directory string) (int, error) {
	log := published{directory: directory}
	if err := log.load("case.json"); err != nil {
		return 0, err
	}
	current, err := os.ReadFile(filepath.Join(directory, "checkpoint"))
	if err != nil {
		return 0, err
	}
	head, err := open(current, log.Vkey)
	if err != nil {
		return 0, fmt.Errorf("checkpoint: %w", err)
	}
	old, err := open([]byte(log.Old), log.Vkey)
	if err != nil {
		return 0, fmt.Errorf("old checkpoint: %w", err)
	}
	if err := log.wellFormed(); err != nil {
		return 0, err
	}
	if err := log.receipts(head); err != nil {
		return 0, err
	}
	if err := tlog.CheckTree(hashes(log.Consistency), head.N, head.Hash, old.N, old.Hash); err != nil {
		return 0, fmt.Errorf("consistency: %w", err)
	}
	if err := log.rebuild(head, old); err != nil {
		return 0, err
	}
	return len(log.Inclusion) + 1, log.entries(head)
}

func (log *published) load(name string) error {
	data, err := os.ReadFile(filepath.Join(log.directory, name))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, log)
}

// wellFormed refuses hashes of another length, which Go's fixed-size type would quietly cut or fill.
func (log *published) wellFormed() error {
	all := log.Consistency
	for _, r := range log.Inclusion {
		all = append(all, r.Path...)
	}
	for _, data := range all {
		if len(data) != tlog.HashSize {
			return fmt.Errorf("a path holds a hash of %d bytes", len(data))
		}
	}
	return nil
}

// open verifies a note under the key and reads origin, size and root from its text.
func open(message []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("not a checkpoint of this origin")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, errors.New("the root is not a hash")
	}
	return tlog.Tree{N: size, Hash: hash(root)}, nil
}

// receipts checks the inclusion paths that the log gave out.
func (log *published) receipts(head tlog.Tree) error {
	for _, r := range log.Inclusion {
		leaf := tlog.RecordHash(r.Leaf)
		if err := tlog.CheckRecord(hashes(r.Path), head.N, head.Hash, r.Index, leaf); err != nil {
			return fmt.Errorf("inclusion of %d: %w", r.Index, err)
		}
	}
	return nil
}

// rebuild makes the same proofs from the tiles alone; Go authenticates the tiles by the head.
func (log *published) rebuild(head, old tlog.Tree) error {
	reader := tlog.TileHashReader(head, log)
	for _, r := range log.Inclusion {
		path, err := tlog.ProveRecord(head.N, r.Index, reader)
		if err != nil {
			return fmt.Errorf("tiles: %w", err)
		}
		if !equal(path, r.Path) {
			return fmt.Errorf("tiles prove %d in another way", r.Index)
		}
	}
	path, err := tlog.ProveTree(head.N, old.N, reader)
	if err != nil {
		return fmt.Errorf("tiles: %w", err)
	}
	if !equal(path, log.Consistency) {
		return errors.New("tiles prove consistency in another way")
	}
	return nil
}

// entries hashes every published leaf and builds the whole tree from them.
func (log *published) entries(head tlog.Tree) error {
	var stored storage
	for size := int64(0); size < head.N; {
		width := int(min(head.N-size, 1<<height))
		tile := tlog.Tile{H: height, L: -1, N: size >> height, W: width}
		data, err := os.ReadFile(log.path(tile))
		if err != nil {
			return fmt.Errorf("entries: %w", err)
		}
		for ; width > 0; width-- {
			leaf, rest, err := cut(data)
			if err != nil {
				return err
			}
			fresh, err := tlog.StoredHashes(size, leaf, stored)
			if err != nil {
				return err
			}
			stored, data, size = append(stored, fresh...), rest, size+1
		}
		if len(data) > 0 {
			return errors.New("entries: bytes behind the last leaf")
		}
	}
	root, err := tlog.TreeHash(head.N, stored)
	if err == nil && root != head.Hash {
		err = errors.New("entries: they lead to another root")
	}
	return err
}

func cut(data []byte) (leaf, rest []byte, err error) {
	if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
		return nil, nil, errors.New("entries: cut short")
	}
	end := 2 + int(binary.BigEndian.Uint16(data))
	return data[2:end], data[end:], nil
}

type storage []tlog.Hash

func (s storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = s[index]
	}
	return found, nil
}

// path is the tile's public place: Go's own, without the height, and with another word for data.
func (log *published) path(tile tlog.Tile) string {
	public := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
	public = strings.Replace(public, "tile/data/", "tile/entries/", 1)
	return filepath.Join(log.directory, public)
}

func (log *published) Height() int { return height }

func (log *published) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		var err error
		if data[i], err = os.ReadFile(log.path(tile)); err != nil {
			return nil, err
		}
		if len(data[i]) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", tile.Path(), len(data[i]))
		}
	}
	return data, nil
}

func (log *published) SaveTiles([]tlog.Tile, [][]byte) {}

func hash(data []byte) (h tlog.Hash) {
	copy(h[:], data)
	return h
}

func hashes(path [][]byte) []tlog.Hash {
	made := make([]tlog.Hash, len(path))
	for i, data := range path {
		made[i] = hash(data)
	}
	return made
}

func equal(path []tlog.Hash, given [][]byte) bool {
	if len(path) != len(given) {
		return false
	}
	for i, h := range path {
		if !bytes.Equal(h[:], given[i]) {
			return false
		}
	}
	return true
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
