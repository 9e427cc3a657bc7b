package main

// processFaults are those of our own process and of the disk it writes to.
var processFaults = []row{
	{
		id: 1, fault: "killed after read, before enqueue", keeps: "I1 I3 I6",
		proofs: []proof{
			{dir: "examples/tail", test: "TestKilledAgainAndAgain"},
			{dir: "internal/chaos", test: "TestRows/F1"},
		},
		kinds: []string{"process killed"},
	},
	{
		id: 2, fault: "killed after the OK, before the commit", keeps: "I1 I2 I6",
		proofs: []proof{
			{dir: "examples/tail", test: "TestKilledInMidStream"},
			{dir: "internal/chaos", test: "TestRows/F2"},
		},
	},
	{
		id: 3, fault: "killed after the store, before the source", keeps: "I1 I2 I4",
		proofs: []proof{{dir: "internal/chaos", test: "TestRows/F3"}},
	},
	{
		id: 4, fault: "killed in the middle of a store write", keeps: "I13 I4 I1",
		proofs: []proof{
			{dir: "offset", test: "TestKilledWhileCommitting"},
			{dir: "offset", test: "TestKilledWhileTheDiskFails"},
			{dir: "offset", test: "TestLyingDisk", shows: "I13"},
			{dir: "offset", test: "TestOneFirstPageIsEnough", shows: "I13"},
		},
	},
	{
		id: 5, fault: "killed in the middle of a transaction", keeps: "I1 I3 I5",
		proofs: []proof{
			{dir: "internal/handover", test: "TestGateKeepsWhatAnOffsetPromises"},
			{dir: "internal/handover", test: "TestJoin", shows: "I3"},
			{dir: "actors/committer", test: "TestWatermarkWaitsForTheEndOfAPosition", shows: "I3"},
			{dir: "supervisor", test: "TestContractTransactions", shows: "I3"},
		},
		open: "snapshots and their hand-over: no source takes any yet",
	},
	{
		id: 6, fault: "SIGTERM under load, a second one, deadline", keeps: "I6 I9 I2",
		proofs: []proof{
			{dir: "supervisor", test: "TestStopUnderLoad"},
			{dir: "supervisor", test: "TestStopSettles"},
			{dir: "supervisor", test: "TestDrainDeadline"},
			{dir: "supervisor", test: "TestDrainDeadlineWithoutRoom"},
			{dir: "supervisor", test: "TestKill", shows: "I9 I2"},
			{dir: "examples/tail", test: "TestTerminatedUnderLoad"},
			{dir: "examples/embed", test: "TestTheSecondSignalEndsTheServiceAtOnce", shows: "I9"},
		},
		kinds: []string{"process stopped"},
	},
	{
		id: 7, fault: "panic in source, committer, prober", keeps: "I10 I8 I1",
		proofs: []proof{
			{dir: "supervisor", test: "TestPanics"},
			{dir: "supervisor", test: "TestInvalidRecords/a_marshaller_that_panics", shows: "I1"},
			{dir: "actors/publisher", test: "TestServeSurvivesPanicsOfOthers"},
			{dir: "actors/committer", test: "TestTrackerSurvivesAPanic"},
			{dir: "actors/committer", test: "TestCommitSurvivesAPanic"},
			{dir: "internal/flow", test: "TestHeldSurvivesPanics", shows: "I1"},
		},
		kinds: []string{"poll panics", "initialize panics", "commit panics"},
	},
	{
		id: 8, fault: "restart storm: a panic at every start", keeps: "I10 I12 I9",
		proofs: []proof{{dir: "supervisor", test: "TestRestartStorm"}},
	},
	{
		id: 21, fault: "store: ENOSPC, EIO, read-only, slow, locked", keeps: "I2 I13 I8",
		proofs: []proof{
			{dir: "internal/chaos", test: "TestDiskFaults", shows: "I2 I7 I8 I12 I13"},
			{dir: "supervisor", test: "TestSlowStore", shows: "I2 I7 I8 I12"},
			{dir: "offset", test: "TestKernelRefuses", shows: "I13 I8"},
			{dir: "offset", test: "TestDiskRunsFull", shows: "I13 I8"},
			{dir: "offset", test: "TestTransactionsThatFail", shows: "I13"},
			{dir: "offset", test: "TestUnconfirmedTransactionIsWrittenAgain", shows: "I13"},
			{dir: "offset", test: "TestUnconfirmedForGood", shows: "I13"},
			{dir: "offset", test: "TestReadOnly", shows: "I13"},
			{dir: "offset", test: "TestSlowDiskDoesNotHoldTheCaller", shows: "I13 I8"},
			{dir: "offset", test: "TestSecondProcessIsRefused", shows: "I13"},
		},
		kinds: []string{"disk fails"},
	},
	{
		id: 22, fault: "store file truncated, flipped, other version", keeps: "I13 I4",
		proofs: []proof{
			{dir: "offset", test: "TestTruncatedFiles"},
			{dir: "offset", test: "TestFlippedBits"},
			{dir: "offset", test: "TestScrambledPages"},
			{dir: "offset", test: "TestCraftedFilesAreRefused"},
			{dir: "offset", test: "TestForeignFilesAreRefused"},
			{dir: "offset", test: "TestEveryFlippedBitIsFound"},
		},
	},
	{
		id: 24, fault: "two runtimes of one name", keeps: "I4 I6",
		proofs: []proof{
			{dir: "supervisor", test: "TestOffsetStoreIsLocked"},
			{dir: "offset", test: "TestSecondProcessIsRefused"},
			{dir: "offset", test: "TestEpochsFence", shows: "I4"},
			{dir: "offset", test: "TestManyMakeTheFile", shows: "I4"},
		},
		open: "two runtimes whose source keeps the offsets itself are for the source to tell apart",
	},
}
