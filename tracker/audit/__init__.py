"""The audit log: who changed what, when and from where. Rows are written with the change and never altered."""
