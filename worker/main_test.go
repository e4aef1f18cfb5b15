package worker_test

import (
	"os"
	"testing"

	"github.com/pinchwork/pinchwork/internal/everystore"
)

func TestMain(m *testing.M) { os.Exit(everystore.Main(m)) }
