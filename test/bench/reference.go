package main

// reference holds figures of the providers that exist, taken with the same Cluster API core, API server and emulated durations. They are
// quoted as text, for most of them are ranges; how they were measured is told in docs/benchmark.md.
type reference struct{ seed, best, floor string }

var (
	refFirstPut   = reference{"10.4 s", "6.7 s (C), 111 s (B)", "2.5 s + group and network"}
	refReady      = reference{"0-30 s, mean 15", "C 1.2 s (30 s), 23 s (100 s); B 30, 60 s", "one poll interval"}
	refPools      = reference{"0-10 s after that", "C 35 s, B 60-80 s after that", "0 after that"}
	refBeyond     = reference{"20 s", "C 42 s, B 172-192 s", ""}
	refScale      = reference{"0-10 min to be sent", "C 1.2 s, B 20 s", "one poll interval"}
	refUpgrade    = reference{"never reported", "C 1.3 s, B 20 s", "one poll interval"}
	refDelete     = reference{"43-56 s", "C 13.5 s, B 75-88 s", "one poll interval"}
	refRequests   = reference{"43", "C 36, B 67", "12-15"}
	refScaleCalls = reference{"2 writes, reads not counted", "C 9-10, B 14", ""}
	refUpgraded   = reference{"12", "C 10, B 26", ""}
	refIdleReads  = reference{"252", "C 28, B 139", "6-12"}
	refIdleWrites = reference{"18", "C 5, B 7", "0"}
	refMemory     = reference{"57 MiB", "294 MiB, two processes", ""}
	refEmpty      = reference{"42 MiB", "224 MiB, two processes", ""}
	refAnonymous  = reference{"22 MiB", "93 MiB", ""}
	refPeak       = reference{"68 MiB", "323 MiB", ""}
	refCPU        = reference{"2.8 s", "B 19.4 s", ""}
	refIdleCPU    = reference{"1.4 m", "B 9.1 m", ""}
	refCRDs       = reference{"9", "30", "6-9"}
	refNone       = reference{}
)
