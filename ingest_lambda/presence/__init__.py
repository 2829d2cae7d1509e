"""Where devices are among geofences: pure rules, shared by the consumer and by previews."""
