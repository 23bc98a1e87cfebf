#include "queries/answer/gzip.h"

#include <zlib.h>

#include "base/assert.h"

namespace tidemill::queries {

struct Gzip::State {
  z_stream stream{};
};

Gzip::Gzip() : state_(std::make_unique<State>()) {
  constexpr int kGzipWindow = 15 + 16;
  constexpr int kMemoryLevel = 8;
  // Level 1 compresses JSON nearly as well as 6, in a third of the time.
  const int made =
      deflateInit2(&state_->stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemoryLevel, Z_DEFAULT_STRATEGY);
  TM_ASSERT(made == Z_OK);
}

Gzip::~Gzip() { deflateEnd(&state_->stream); }

void Gzip::Add(std::string_view bytes, std::string& out) {
  if (!bytes.empty()) Deflate(bytes, Z_NO_FLUSH, out);
}

void Gzip::Flush(std::string& out) { Deflate({}, Z_SYNC_FLUSH, out); }

void Gzip::Finish(std::string& out) { Deflate({}, Z_FINISH, out); }

void Gzip::Deflate(std::string_view bytes, int flush, std::string& out) {
  z_stream& stream = state_->stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  constexpr std::size_t kRoom = 16 * 1024;
  do {
    const std::size_t before = out.size();
    out.resize(before + kRoom);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = kRoom;
    TM_ASSERT(deflate(&stream, flush) != Z_STREAM_ERROR);
    out.resize(before + kRoom - stream.avail_out);
  } while (stream.avail_out == 0);
}

}  // namespace tidemill::queries
