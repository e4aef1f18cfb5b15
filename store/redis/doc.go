// Package redis keeps a marketplace in Redis 7.0 or later, or Valkey, without
// modules. It works with anything that a go-redis UniversalClient reaches: a
// single server, Sentinel or a cluster.
//
//	store, err := redis.Open(ctx, "redis://localhost:6379/0", redis.WithNamespace("shop"))
//	if err != nil {
//		return err
//	}
//	defer store.Close()
//	market, err := pinchwork.New(pinchwork.WithStore(store))
//
// Every step that has to be atomic is one Lua script in folder lua, run by its digest
// in one round trip. All keys of a marketplace begin with its namespace as a hash
// tag, so that they live on one node of a cluster, and several marketplaces can share
// a server. A script that commits declares every key that it touches, except for the
// talk that it drops; scripts that only read or prune compute some keys as they run,
// all under the same hash tag.
//
// Programs on the same namespace wake each other by pub/sub (store.Relay), for which a
// market that runs holds one connection beside the client's pool.
//
// How durable the data are depends on the settings of Redis. Store.Durability
// says what those settings can lose, and RequireAOF refuses a server without an
// append-only file. Never let Redis evict: with a maxmemory-policy other than
// noeviction, a full memory deletes credits.
package redis
