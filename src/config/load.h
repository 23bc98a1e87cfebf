// Reads settings: what is in force without them, then the TOML file, then TIDEMILL_… in the environment, then
// flags. The later of two wins.
//
// Nothing is half taken: either every value is good, or the result names each bad one: where it stands, what
// it was, what is accepted; for an unknown key the nearest known one.
#pragma once

#include "base/result.h"
#include "config/schema.h"
#include "config/sources.h"

namespace tidemill::config {

// Changes `settings`, the schema's, where something is given; after an error it is only fit to be thrown
// away. The error's detail is one line per problem: `tidemill.toml:12: client.ping_interval = "5x": not a
// duration; write it like "25s" (1s … 1h)`. Secrets are never in it. What Kubernetes puts into the
// environment of a container for a service called tidemill is passed over.
// `origins`: is filled, unless it is null.
Result<void> LoadInto(const AnySchema& schema, const Sources& sources, void* settings,
                      Origins* origins = nullptr);

// The same with `base` as what is in force where nothing is given.
template <class S>
Result<S> Load(const Schema<S>& schema, const Sources& sources, S base = {}, Origins* origins = nullptr) {
  TM_TRY(LoadInto(schema, sources, &base, origins));
  return base;
}

}  // namespace tidemill::config
