package market

// Market is a marketplace.
type Market struct{}
