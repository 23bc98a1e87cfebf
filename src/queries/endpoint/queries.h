// Queries: a folder of .sql files as endpoints of a node: the folder is watched, what changed is described,
// and all loops take over the new endpoints.
//
// The first loop has the folder and the database's descriptions; what comes of it is made on the thread pool
// and given to each loop. Whatever cannot be read, or described, just now leaves the endpoints as they were.
//
// Made before the loops run and started with them; they must have stopped before it ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"
#include "http/router.h"
#include "metrics/metrics.h"
#include "net/loop.h"
#include "queries/cache/caches.h"
#include "queries/catalog/catalog.h"
#include "queries/endpoint/result_streams.h"
#include "queries/endpoint/served_endpoint.h"
#include "queries/endpoint/settings.h"
#include "queries/endpoint/written.h"
#include "sql/database.h"
#include "sql/schema/schema.h"

namespace tidemill::queries {

// A loop and what is its own.
struct QueriesLoop {
  net::Loop* loop = nullptr;
  sql::Database* database = nullptr;
  std::shared_ptr<auth::Authenticator> authenticator;
  ResultStreams* streams = nullptr;  // null: no result is streamed as events; outlives the Queries
};

struct QueriesOptions {
  QueriesSettings settings;
  // Answers say what is wrong; queries that do not say who may call them are served; migrations of the folder
  // are applied when they come.
  bool developer = false;
  sql::SchemaOptions migrations;
  // Adds routes that are made of a catalog: its documents. Called on any thread, for each loop and each
  // catalog.
  std::function<void(const std::shared_ptr<const Catalog>& catalog, http::Router& router)> add_documents;
  // Called on the first loop once all loops serve it; may be empty.
  std::function<void(const Serving& serving)> on_serving;
  // Called on any loop with what a write of an endpoint has changed, once it is committed; may be empty.
  std::function<void(const Written& written)> on_write;
  Commits* commits = nullptr;  // of SQLite; null: its writes are not numbered. Outlives the Queries
};

// What serves GET at a path. `values` points into the path that was asked for.
struct FoundEndpoint {
  enum class State : std::uint8_t { kNone, kNotReady, kBroken, kServed };
  State state = State::kNone;
  std::shared_ptr<const ServedEndpoint> served;           // null unless served
  std::shared_ptr<const std::vector<std::string>> names;  // of the path's parameters; not null where served
  std::vector<std::string_view> values;                   // likewise, not decoded
};

class Queries {
 public:
  virtual ~Queries() = default;

  // Of that loop: everything below the prefix. Before it runs.
  virtual void AddRoutes(std::size_t loop_index, http::Router& router) = 0;
  // On that loop: `path` as in a request, with the prefix.
  virtual FoundEndpoint Find(std::size_t loop_index, std::string_view path) const = 0;
  // Before the loops run: begins when they do.
  virtual void Start() = 0;
  // On that loop.
  virtual void ReplaceAuthenticator(std::size_t loop_index,
                                    std::shared_ptr<auth::Authenticator> authenticator) = 0;
  // On that loop: writes that have not come to their end, whoever hung up.
  virtual std::size_t changes(std::size_t loop_index) const = 0;
  // Any thread: whether endpoints have been served once.
  virtual bool ready() const = 0;
  // Once the loops have stopped, before anything ends that tasks refer to.
  virtual void EndTasks() = 0;
};

// All loops' databases are the same one. `caches` and `registry` outlive it.
std::unique_ptr<Queries> MakeQueries(std::vector<QueriesLoop> loops, QueriesOptions options, Caches& caches,
                                     metrics::Registry& registry);

}  // namespace tidemill::queries
