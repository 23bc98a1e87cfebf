#include "queries/answer/streamed_answer.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "http/body.h"
#include "net/next_turn.h"
#include "queries/answer/compress.h"
#include "queries/answer/gzip.h"
#include "queries/answer/row_writer.h"

namespace tidemill::queries {
namespace {

class RowsSource final : public http::BodySource {
 public:
  struct Options {
    std::unique_ptr<sql::RowStream> stream;
    std::optional<sql::Rows> first;
    Format format = Format::kLines;
    bool gzip = false;
  };
  RowsSource(Options options, net::Loop& loop) : options_(std::move(options)), loop_(loop) {
    if (options_.gzip) gzip_.emplace();
  }

  Task<Result<void>> WriteTo(http::BodyWriter& body) override {
    const auto writer = MakeRowWriter(options_.format);
    writer->OnColumns(std::make_shared<const sql::Columns>(options_.stream->columns()));
    std::optional<sql::Rows> rows = std::exchange(options_.first, std::nullopt);
    while (rows) {
      for (std::size_t i = 0; i < rows->size(); ++i) {
        writer->OnRow((*rows)[i]);
        if (writer->bytes() < kPieceBytes) continue;
        co_await body.Write(Packed(writer->Take()));
        if (loop_.ShareSpent()) co_await net::NextTurn(loop_);
      }
      auto next = co_await options_.stream->Next();
      if (!next) co_return std::unexpected(sql::ToError(next.error()));
      rows = *std::move(next);
    }
    std::string end = Packed(writer->Take());
    if (gzip_) gzip_->Finish(end);
    co_await body.Write(end);
    co_return Result<void>();
  }

 private:
  static constexpr std::size_t kPieceBytes = 32 * 1024;

  std::string Packed(std::string bytes) {
    if (!gzip_) return bytes;
    std::string packed;
    gzip_->Add(bytes, packed);
    return packed;
  }

  Options options_;
  net::Loop& loop_;
  std::optional<Gzip> gzip_;
};

}  // namespace

bool IsStreamed(Format format) { return format == Format::kLines || format == Format::kCsv; }

Task<sql::Result<http::Response>> StreamAnswer(std::unique_ptr<sql::RowStream> stream, Format format,
                                               const http::Request& request, net::Loop& loop) {
  const bool gzip = TakesGzip(request);
  TM_CO_TRY_ASSIGN(std::optional<sql::Rows> first, co_await stream->Next());
  http::Response response;
  response.headers.emplace_back("Content-Type", ContentType(format));
  response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  if (gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  response.body_source = std::make_shared<RowsSource>(
      RowsSource::Options{
          .stream = std::move(stream), .first = std::move(first), .format = format, .gzip = gzip},
      loop);
  co_return response;
}

}  // namespace tidemill::queries
