//go:build !unix

package offset_test

import "errors"

func limitFileSize(uint64) (func() error, error) {
	return nil, errors.New("the size of files cannot be limited on this system")
}
