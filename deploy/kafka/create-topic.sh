#!/bin/bash
# Creates the topic of request logs; safe to repeat. More partitions let more workers share it.
set -euo pipefail
exec /opt/kafka/bin/kafka-topics.sh --bootstrap-server "$BOOTSTRAP" --create --if-not-exists \
  --topic "$TOPIC" --partitions "$PARTITIONS" --replication-factor 1 \
  --config retention.ms=172800000 --config max.message.bytes=2097152
