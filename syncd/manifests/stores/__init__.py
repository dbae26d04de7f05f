"""What stands under `spec.provider.<name>` of a store, for the providers that come with syncd."""
