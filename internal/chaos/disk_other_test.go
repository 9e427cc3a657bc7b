//go:build !linux

package chaos

import "errors"

// diskFault is for systems where a file can be replaced behind its descriptor.
type diskFault struct{ name, says string }

var diskFaults []diskFault

func (diskFault) breaks(string) (func(), error) { return nil, errors.ErrUnsupported }
