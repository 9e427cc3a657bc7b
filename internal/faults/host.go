package main

// hostFaults are those of the machine, the operator and the load.
var hostFaults = []row{
	{id: 26, fault: "the clock jumps", keeps: "I8 I9", open: "not run: a test cannot set the machine's clock; every wait is by Go's monotonic clock, and settling by it alone"},
	{
		id: 27, fault: "one processor, GC pressure", keeps: "I7 I8",
		proofs: []proof{{dir: "internal/chaos", test: "TestOneProcessor"}},
	},
	{id: 28, fault: "configuration reloaded during faults", keeps: "I1 I5 I9", open: "reloading is not built"},
	{
		id: 29, fault: "paused, resumed, stopped again and again", keeps: "I9 I4",
		proofs: []proof{
			{dir: "internal/chaos", test: "TestRows/F29"},
			{dir: "supervisor", test: "TestPauseSpam"},
			{dir: "supervisor", test: "TestFaultsWhilePaused"},
			{dir: "supervisor", test: "TestStopWhilePaused", shows: "I9"},
			{dir: "supervisor", test: "TestPauseDuringInitialize", shows: "I9"},
			{dir: "supervisor", test: "TestServedOnce", shows: "I9"},
			{dir: "supervisor", test: "TestStopWhileSending"},
			{dir: "supervisor", test: "TestLongInitialize", shows: "I9"},
		},
		kinds: []string{"process stopped", "process killed", "paused"},
	},
	{
		id: 30, fault: "burst, hot key, huge record, empty record", keeps: "I7 I5 I11",
		proofs: []proof{
			{dir: "internal/chaos", test: "TestRows/F30"},
			{dir: "internal/handover", test: "TestHandRefusesWhatCanNeverFit", shows: "I7"},
			{dir: "supervisor", test: "TestInvalidRecords/too_large", shows: "I11"},
		},
	},
	{
		id: 35, fault: "upgrade or downgrade of the stored state", keeps: "I4 I13",
		proofs: []proof{{dir: "offset", test: "TestForeignFilesAreRefused"}},
		open:   "there is one format so far; another is refused",
	},
	{
		id: 36, fault: "wrong, rotated or leaked secrets", keeps: "I14 I8",
		proofs: []proof{
			{dir: "supervisor", test: "TestCanaryRightToken", shows: "I14"},
			{dir: "supervisor", test: "TestCanaryWrongToken", shows: "I14"},
			{dir: "supervisor", test: "TestCanaryRotatedToken"},
			{dir: "supervisor", test: "TestCanaryUnusableToken"},
			{dir: "examples/counter", test: "TestTheTokenIsNowhereToBeSeen", shows: "I14"},
			{dir: "config", test: "TestSecretPrintsInNoVerb", shows: "I14"},
			{dir: "config", test: "TestSecretPrintsInNoPanic", shows: "I14"},
			{dir: "internal/danube", test: "TestTLS", shows: "I8"},
		},
	},
}
