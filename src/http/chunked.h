// ChunkedDecoder: a body that comes in chunks (RFC 9112 section 7.1), from bytes as they arrive; no I/O.
//
// Refused: chunk sizes that are not plain hex, bare LF, lines and trailers over their limit, more data than
// is allowed. Chunk extensions and trailers are read past and dropped.
#pragma once

#include <algorithm>
#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "http/refused.h"

namespace tidemill::http {

class ChunkedDecoder {
 public:
  explicit ChunkedDecoder(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // More data than that is refused: 413.
  void Limit(std::size_t bytes_max) { bytes_max_ = std::min(bytes_max_, bytes_max); }

  // Adds to `data` what the beginning of `bytes` has of it. Gives how many of `bytes` were read; the others,
  // a line that is not whole or what follows the body, must stand in front of the next ones.
  std::expected<std::size_t, Refused> Read(std::string_view bytes, std::string& data);
  // The last line was read.
  bool ended() const { return ended_; }

 private:
  std::expected<bool, Refused> ReadStep(std::string_view rest, std::size_t& used, std::string& data);
  std::expected<void, Refused> ReadTrailer(std::string_view line);
  std::expected<void, Refused> BeginChunk(std::string_view line);

  std::size_t bytes_max_;            // of data
  std::size_t bytes_ = 0;            // of data, of all chunks that have begun
  std::size_t chunk_left_ = 0;       // of the data of the chunk at hand
  std::size_t extension_bytes_ = 0;  // of all chunk lines
  std::size_t trailer_bytes_ = 0;
  bool chunk_ends_ = false;  // the chunk's data is there, what ends it is due
  bool chunks_ended_ = false;
  bool ended_ = false;
};

}  // namespace tidemill::http
