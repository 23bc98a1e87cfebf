// Gzip (RFC 1952) of what comes in pieces.
#pragma once

#include <string>
#include <string_view>

#include <memory>

namespace tidemill::queries {

// One owner at a time; about 270 KB while it lives.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  // Appends to `out` what is ready: the work is in proportion to `bytes`.
  void Add(std::string_view bytes, std::string& out);
  // So that a reader has all that was added: a stream may pause.
  void Flush(std::string& out);
  void Finish(std::string& out);

 private:
  void Deflate(std::string_view bytes, int flush, std::string& out);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidemill::queries
