// CacheKey: what an answer depends on besides the data: the endpoint as it stands, its bound parameters, who
// asks, and the form of the answer. Two requests share an answer only if their keys are the same bytes.
//
// Values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/parameter.h"

namespace tidemill::queries {

// Views and references are read by MakeCacheKey only.
struct CacheKeyParts {
  std::string_view endpoint;          // Endpoint::operation_id
  std::string_view endpoint_version;  // Endpoint::version
  const sql::Parameters& parameters;  // all, as they are bound
  std::string_view format;            // of the body: media type, encoding
  std::string_view variant;           // whatever else shapes it: order, page, count
  std::string_view role;              // as which the database is asked
  std::string_view claims;            // of the caller: a JSON object, or "" for one without a token
  const std::vector<std::string>&
      scope;  // claims in which callers agree who share an answer; empty: everybody
};

class CacheKey {
 public:
  // Names the same key on every node, without showing what is in it: 64 hexadecimal digits of SHA-256.
  std::string Digest() const;

  const std::string& bytes() const { return bytes_; }
  std::uint64_t hash() const { return hash_; }  // under a secret of this process
  friend bool operator==(const CacheKey& a, const CacheKey& b) { return a.bytes_ == b.bytes_; }

 private:
  friend std::optional<CacheKey> MakeCacheKey(const CacheKeyParts& parts);
  explicit CacheKey(std::string bytes);

  std::string bytes_;
  std::uint64_t hash_;
};

// nullopt: the caller lacks a claim of the scope (or has it as null, or twice), so whose answer it would be
// is unknown: it must not come from the cache, nor go there.
std::optional<CacheKey> MakeCacheKey(const CacheKeyParts& parts);

struct CacheKeyHash {
  std::size_t operator()(const CacheKey& key) const { return static_cast<std::size_t>(key.hash()); }
};

}  // namespace tidemill::queries
