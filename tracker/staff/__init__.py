"""The staff's own pages: search across organisations, switches of features, acting as a member, maps."""
