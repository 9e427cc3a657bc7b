package main

// sourceFaults are those of the system that is read.
var sourceFaults = []row{
	{
		id: 9, fault: "source blocks, deaf to its context", keeps: "I9 I12",
		proofs: []proof{
			{dir: "supervisor", test: "TestBlocksPastItsContext"},
			{dir: "supervisor", test: "TestStuckWithNothingInFlight"},
			{dir: "supervisor", test: "TestStopWhileACallHangs"},
			{dir: "supervisor", test: "TestKillWhileACallHangs", shows: "I9"},
			{dir: "actors/poller", test: "TestPollIsCutHard", shows: "I9"},
			{dir: "actors/streamer", test: "TestStreamIsCutHard", shows: "I9"},
		},
		kinds: []string{"source deaf"},
	},
	{
		id: 10, fault: "positions twice, backwards, empty", keeps: "I4 I3",
		proofs: []proof{
			{dir: "supervisor", test: "TestOffsetGoesBack"},
			{dir: "internal/handover", test: "TestHandRefusesADecrease"},
			{dir: "internal/handover", test: "TestHandJoinsEqualValues", shows: "I3"},
			{dir: "offset", test: "TestWhatCannotHaveBeenCommitted", shows: "I4"},
		},
		kinds: []string{"position goes back"},
	},
	{
		id: 11, fault: "source gone, flapping, slow, sick", keeps: "I8 I10",
		proofs: []proof{
			{dir: "supervisor", test: "TestTooManyFailuresReopen"},
			{dir: "supervisor", test: "TestRetryablePollIsAskedAgain", shows: "I8"},
			{dir: "supervisor", test: "TestFirstInitializeIsTriedAgain", shows: "I8"},
			{dir: "supervisor", test: "TestUnhealthySourceIsReopened"},
			{dir: "supervisor", test: "TestReopenWithoutRoom"},
			{dir: "supervisor", test: "TestFailingCheckShowsBesidePolls", shows: "I12"},
		},
		kinds: []string{"poll fails", "initialize fails", "shutdown fails", "poll slow", "source unhealthy", "commit fails", "commit slow"},
	},
	{
		id: 23, fault: "partitions revoked with records in flight", keeps: "I4 I2 I5",
		proofs: []proof{
			{dir: "supervisor", test: "TestDeclareFlushRevoke"},
			{dir: "internal/handover", test: "TestRevokeForgets", shows: "I4"},
			{dir: "internal/handover", test: "TestRevokeWhileACallWaits", shows: "I4"},
			{dir: "actors/committer", test: "TestTrackerForgetsWhatIsRevoked", shows: "I4 I2"},
			{dir: "actors/committer", test: "TestCommitLeavesTheRevokedAlone", shows: "I4"},
			{dir: "actors/publisher", test: "TestOrderAcrossARevoke", shows: "I5"},
			{dir: "offset", test: "TestRevokedPartitionsMayBeginAnew", shows: "I4"},
		},
	},
	{
		id: 25, fault: "upstream truncated, recreated, slot dropped", keeps: "I1 I12",
		proofs: []proof{{dir: "examples/tail", test: "TestTailFollowsThroughRotations", shows: "I12"}},
		open:   "needs Kafka and PostgreSQL, whose connectors are not built",
	},
	{id: 31, fault: "webhook: cut, slow, replayed, forged, huge", keeps: "I1 I2 I7", open: "needs the webhook connector, which is not built"},
	{id: 32, fault: "MQTT: session lost, DUP, QoS 2 cut", keeps: "I2 I5 I8", open: "needs the MQTT connector, which is not built, and a broker for it"},
	{id: 33, fault: "PostgreSQL: failover, TOAST, DDL, huge, idle", keeps: "I1 I11 I7 I12", open: "needs the PostgreSQL connector, which is not built, and a server for it"},
	{id: 34, fault: "Kafka: out of range, holes, aborted", keeps: "I3 I11", open: "needs the Kafka connector, which is not built, and a cluster for it"},
}
