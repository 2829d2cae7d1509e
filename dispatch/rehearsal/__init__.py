"""A whole day of dispatch, made up and driven through the product's public addresses, in scale."""
