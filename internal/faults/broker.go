package main

// brokerFaults are those of the Danube brokers and of the way to them.
var brokerFaults = []row{
	{
		id: 12, fault: "broker refused, reset, black hole, latency", keeps: "I7 I8 I2",
		proofs: []proof{
			{dir: "supervisor", test: "TestBrokerRefusedForAnHour"},
			{dir: "internal/chaos", test: "TestRows/F12"},
			{dir: "internal/danube", test: "TestBlackHole", shows: "I8"},
			{dir: "internal/danube", test: "TestOutageIsWaitedFor", shows: "I8"},
		},
		kinds: []string{"broker refuses", "connections cut", "black hole", "latency", "sends slow"},
	},
	{
		id: 13, fault: "OK lost after apply, or too late", keeps: "I6 I5 I1",
		proofs: []proof{
			{dir: "supervisor", test: "TestReplyLostAfterApply"},
			{dir: "internal/danube", test: "TestReplyLost", shows: "I1"},
		},
		kinds: []string{"answer lost"},
	},
	{
		id: 14, fault: "OKs out of order across lanes", keeps: "I3 I5",
		proofs: []proof{
			{dir: "internal/chaos", test: "TestRows/F14"},
			{dir: "actors/publisher", test: "TestEverythingArrivesOnceAndInOrder", shows: "I5"},
			{dir: "actors/committer", test: "TestWatermarkAgainstABook", shows: "I3"},
			{dir: "actors/committer", test: "TestTrackerAgainstABook", shows: "I3"},
		},
	},
	{
		id: 15, fault: "topic moved, producer id lost in a batch", keeps: "I1 I5 I8",
		proofs: []proof{
			{dir: "supervisor", test: "TestTopicMoved"},
			{dir: "supervisor", test: "TestBrokerRestarted"},
			{dir: "internal/danube", test: "TestTopicMoves", shows: "I8"},
			{dir: "internal/danube", test: "TestRestartLosesTheSession", shows: "I8"},
		},
		kinds: []string{"topic moves", "session lost", "broker forgets producers", "opening fails", "lookup fails", "health check fails"},
	},
	{
		id: 16, fault: "refused for good: too large, unauthorised", keeps: "I1 I11 I12",
		proofs: []proof{
			{dir: "supervisor", test: "TestRecordRefusedForGood"},
			{dir: "supervisor", test: "TestFatalRecordWithAFullWindow", shows: "I1"},
			{dir: "supervisor", test: "TestInvalidRecords", shows: "I1 I11"},
			{dir: "internal/danube", test: "TestDeniedLater", shows: "I12"},
			{dir: "internal/danube", test: "TestTooLargeIsRefused", shows: "I11"},
		},
		kinds: []string{"send refused", "records refused"},
	},
	{
		id: 17, fault: "one topic down, others fine", keeps: "I10 I5 I7",
		proofs: []proof{
			{dir: "supervisor", test: "TestOneTopicStalled"},
			{dir: "supervisor", test: "TestIdleTopicHoldsNothingBack", shows: "I10"},
			{dir: "internal/flow", test: "TestAdmitFlowsAroundAStalledTopic", shows: "I10 I7"},
		},
		kinds: []string{"topic stalls"},
	},
	{
		id: 18, fault: "dead-letter topic down", keeps: "I1 I3 I12",
		proofs: []proof{
			{dir: "supervisor", test: "TestDeadLetterTopicDown"},
			{dir: "supervisor", test: "TestDeadLettersKeepToTheBudget"},
			{dir: "supervisor", test: "TestReopenWithLettersUnderWay", shows: "I1 I3"},
			{dir: "supervisor", test: "TestCrashForgetsALetter", shows: "I1 I3"},
			{dir: "supervisor", test: "TestLetterRefused", shows: "I1 I3"},
			{dir: "internal/chaos", test: "TestRows/F18"},
			{dir: "internal/chaos", test: "TestLettersThatAreNotKept", shows: "I1 I3"},
		},
		kinds: []string{"letters refused", "letters stall", "letter topic absent", "letters crash"},
	},
	{
		id: 19, fault: "poison: head, middle, tail, all, 1 %", keeps: "I1 I3 I12",
		proofs: []proof{
			{dir: "actors/publisher", test: "TestPoisonHaltsItsLaneAlone", shows: "I1 I3"},
			{dir: "supervisor", test: "TestBadRecordHalts", shows: "I1 I3"},
			{dir: "supervisor", test: "TestSendBehindAnInvalidRecord", shows: "I3"},
			{dir: "supervisor", test: "TestPoison"},
			{dir: "supervisor", test: "TestRandomPoison"},
			{dir: "supervisor", test: "TestSkip"},
			{dir: "supervisor", test: "TestTooManyInvalidRecords", shows: "I1 I3"},
			{dir: "internal/chaos", test: "TestRows/F19"},
		},
		kinds: []string{"bad record", "bad records", "records not encodable", "records refused"},
	},
	{
		id: 20, fault: "schema registry down, incompatible, missing", keeps: "I11 I8",
		proofs: []proof{
			{dir: "internal/danube", test: "TestRegistryFailures", shows: "I8"},
			{dir: "internal/danube", test: "TestRegistryAsksTheNextBroker", shows: "I8"},
			{dir: "internal/schemas", test: "TestRegisteredByManyAtOnce", shows: "I11"},
			{dir: "internal/schemas", test: "TestSubjectGone"},
			{dir: "supervisor", test: "TestRegistryDownAtTheStart", shows: "I8"},
			{dir: "supervisor", test: "TestRegistryDownWhileRunning"},
			{dir: "supervisor", test: "TestSchemaChangesWhileRunning", shows: "I11"},
			{dir: "supervisor", test: "TestSchemaMistakes", shows: "I11"},
		},
	},
	{
		id: 37, fault: "broker killed with an unflushed tail", keeps: "I15 I1 I3 I5",
		proofs: []proof{
			{dir: "supervisor", test: "TestCrashLosesNothingSettled"},
			{dir: "supervisor", test: "TestCrashLosesTheTailAcknowledged", shows: "I15"},
			{dir: "supervisor", test: "TestCrashLosesNothingRetained"},
			{dir: "supervisor", test: "TestDeliveredSettledOutlivesCrashes", shows: "I15 I1"},
			{dir: "supervisor", test: "TestCrashForgetsALetter", shows: "I15 I1"},
			{dir: "supervisor", test: "TestCrashLoop"},
			{dir: "internal/chaos", test: "TestPromisesThatAreNotKept"},
			{dir: "examples/crashdemo", test: "TestPlays", shows: "I15 I1"},
			{dir: "actors/publisher", test: "TestCrashesLoseNothing", shows: "I15 I1"},
			{dir: "actors/publisher", test: "TestCrashesShowWhatIsTooWeak", shows: "I15"},
		},
		kinds: []string{"broker crashes", "broker dies"},
	},
	{
		id: 38, fault: "a topic applies every send, then hangs", keeps: "I6 I7 I10 I12",
		proofs: []proof{
			{dir: "supervisor", test: "TestOneTopicStalled"},
			{dir: "actors/publisher", test: "TestStalledTopicIsProbed", shows: "I6"},
			{dir: "actors/publisher", test: "TestStalledTopicAloneStandsStill", shows: "I10"},
		},
		kinds: []string{"topic stalls"},
	},
	{
		id: 39, fault: "the broker's handler dies of one message", keeps: "I1 I8 I12",
		proofs: []proof{
			{dir: "actors/publisher", test: "TestBlameNeedsOthersThatPass", shows: "I1"},
			{dir: "actors/publisher", test: "TestPoisonHaltsItsLaneAlone"},
			{dir: "internal/danube", test: "TestHandlerPanicIsAReset", shows: "I8"},
			{dir: "internal/chaos", test: "TestRows/F39"},
		},
		kinds: []string{"handler dies", "records the handler dies of"},
	},
	{
		id: 40, fault: "owner dead, lookups name it for 24 s", keeps: "I8 I5",
		proofs: []proof{
			{dir: "supervisor", test: "TestOwnerDeadWhileLookupsNameIt"},
			{dir: "internal/danube", test: "TestOwnerDead", shows: "I8"},
			{dir: "internal/danube", test: "TestStaleBrokerIsNotAskedForEver", shows: "I8"},
		},
		kinds: []string{"broker dies"},
	},
}
