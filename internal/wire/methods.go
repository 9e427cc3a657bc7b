// Package wire is what goes over the wire between a Danube broker and its
// clients: the messages (generated from the .proto files beside this one by
// tools/protogen), the paths they are called by, and an encoder for the one
// message that matters for speed.
//
// The messages are registered under a proto package of our own, so a program may
// link the official client too. gRPC sends only a path and bytes, so brokers see
// no difference.
package wire

// Names of the broker's gRPC services, for whoever serves them.
const (
	DiscoveryService      = "danube.Discovery"
	ProducerService       = "danube.ProducerService"
	ConsumerService       = "danube.ConsumerService"
	HealthCheckService    = "danube.HealthCheck"
	SchemaRegistryService = "danube_schema.SchemaRegistry"
)

// Full paths of the broker's methods, for whoever calls them. All are unary but
// ReceiveMessages, which streams its answers.
const (
	TopicLookup     = "/" + DiscoveryService + "/TopicLookup"
	TopicPartitions = "/" + DiscoveryService + "/TopicPartitions"

	CreateProducer = "/" + ProducerService + "/CreateProducer"
	SendMessage    = "/" + ProducerService + "/SendMessage"

	Subscribe       = "/" + ConsumerService + "/Subscribe"
	ReceiveMessages = "/" + ConsumerService + "/ReceiveMessages"
	Ack             = "/" + ConsumerService + "/Ack"
	Nack            = "/" + ConsumerService + "/Nack"

	CheckHealth = "/" + HealthCheckService + "/HealthCheck"

	RegisterSchema              = "/" + SchemaRegistryService + "/RegisterSchema"
	GetSchema                   = "/" + SchemaRegistryService + "/GetSchema"
	GetLatestSchema             = "/" + SchemaRegistryService + "/GetLatestSchema"
	ListVersions                = "/" + SchemaRegistryService + "/ListVersions"
	CheckCompatibility          = "/" + SchemaRegistryService + "/CheckCompatibility"
	DeleteSchemaVersion         = "/" + SchemaRegistryService + "/DeleteSchemaVersion"
	SetCompatibilityMode        = "/" + SchemaRegistryService + "/SetCompatibilityMode"
	ConfigureTopicSchema        = "/" + SchemaRegistryService + "/ConfigureTopicSchema"
	UpdateTopicValidationPolicy = "/" + SchemaRegistryService + "/UpdateTopicValidationPolicy"
	GetTopicSchemaConfig        = "/" + SchemaRegistryService + "/GetTopicSchemaConfig"
	ListSubjects                = "/" + SchemaRegistryService + "/ListSubjects"
)

// Metadata keys.
const (
	// BrokerURLHeader tells a proxy which broker a call is for: the broker_url of
	// the lookup, letter for letter. Brokers do not read it.
	BrokerURLHeader = "x-danube-broker-url"
	// FlushIntervalHeader is the header of CreateProducer's answer in which a
	// broker announces, in decimal milliseconds, how long it may take to write a
	// message it has acknowledged. Danube 0.15 announces none.
	FlushIntervalHeader = "danube-flush-interval-ms"
)

// MaxMessageSize is the most bytes of one encoded StreamMessage a broker reads;
// it refuses a larger one with OUT_OF_RANGE (docs: protocol, size limits).
const MaxMessageSize = 4 << 20
