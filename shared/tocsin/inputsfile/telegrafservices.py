"""Telegraf's service inputs: plug-ins that wait for what others send."""

from tocsin.documents import words

WHY_NOT = "a service input waits for what others send, and nothing waits between two ticks"
SERVICE_INPUTS = words(
    """
    amqp_consumer cisco_telemetry_mdt cloud_pubsub cloud_pubsub_push cloudwatch_metric_streams ctrlx_datalayer
    directory_monitor docker_log eventhub_consumer execd firehose gnmi http_listener http_listener_v2
    influxdb_listener influxdb_v2_listener influxdb_v3_listener jti_openconfig_telemetry kafka_consumer
    kafka_consumer_legacy kinesis_consumer knx_listener lanz logparser mavlink mqtt_consumer nats_consumer netflow
    nsq_consumer opcua_listener opentelemetry riemann_listener sflow snmp_trap socket_listener statsd suricata
    syslog tail tcp_listener turbostat udp_listener webhooks win_eventlog zipkin
    """
)
"""Those whose README in telegraf `plugins/inputs` says that they are service inputs, and former ones."""
