package awsapi

// The limits of a request. AWS has limits of the same order; these keep a
// malformed or hostile request from costing memory.
const (
	maxBody  = 1 << 20 // bytes, as sent and also after decompression
	maxDepth = 32      // structures and lists within each other
	maxList  = 10_000  // elements of one list, entries of one map
)
