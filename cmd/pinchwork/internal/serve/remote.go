package serve

import (
	"context"
	"fmt"
	"log/slog"
)

func openRedis(context.Context, *Settings, *slog.Logger) (*backend, error) {
	return nil, fmt.Errorf("%w: --store (PINCHWORK_STORE): redis is not built yet", ErrSetting)
}

func openPostgres(context.Context, *Settings, *slog.Logger) (*backend, error) {
	return nil, fmt.Errorf("%w: --store (PINCHWORK_STORE): postgres is not built yet", ErrSetting)
}
