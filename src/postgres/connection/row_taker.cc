#include "postgres/connection/row_taker.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "postgres/protocol/backend.h"

namespace tidemill::postgres {
namespace {

int Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// From "\x6869" to "hi", where it lies; its new length, or nullopt: it is no hex.
std::optional<std::uint32_t> DecodeInPlace(char* text, std::uint32_t bytes) {
  if (bytes < 2 || text[0] != '\\' || text[1] != 'x' || bytes % 2 != 0) return std::nullopt;
  const std::uint32_t decoded = bytes / 2 - 1;
  for (std::uint32_t i = 0; i < decoded; ++i) {
    const int high = Digit(text[2 + 2 * i]);
    const int low = Digit(text[3 + 2 * i]);
    if (high < 0 || low < 0) return std::nullopt;
    text[i] = static_cast<char>(high * 16 + low);
  }
  return decoded;
}

}  // namespace

void RowTaker::Describe(std::shared_ptr<Described> described, Formats formats) {
  described_ = std::move(described);
  formats_ = formats;
  waits_for_types_ = !described_->columns;
  has_hex_ = HasHex();
}

bool RowTaker::HasHex() const {
  if (formats_ == Formats::kBytesBinary) return false;
  return std::ranges::find(described_->kinds, sql::Kind::kBytes) != described_->kinds.end();
}

void RowTaker::TellColumns() {
  if (std::exchange(told_, true)) return;
  if (sink_) {
    sink_->OnColumns(described_->columns);
  } else {
    rows_ = sql::Rows(described_->columns);
  }
}

Result<void> RowTaker::Take(std::string_view body) {
  if (!over_.empty()) {
    dropped_bytes_ += body.size();
    return {};
  }
  if (!described_) return Fail(Errc::kInvalidArgument, "a row without a description");
  if (!waits()) return Give(body);
  // No more than the limit is put aside; Give counts exactly.
  if (put_aside_.size() + body.size() > 2 * limits_.bytes_max + (1u << 20)) {
    over_ = "bytes";
    return {};
  }
  const auto bytes = static_cast<std::uint32_t>(body.size());
  put_aside_.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
  put_aside_ += body;
  return {};
}

Result<void> RowTaker::Give(std::string_view body) {
  TellColumns();
  TM_TRY(ParseDataRow(body, described_->kinds, slots_));
  const char* base = body.data();
  if (has_hex_) {
    base = DecodeHex(body).data();
    if (base == nullptr) return Fail(Errc::kInvalidArgument, "a bytea that is not in hex");
  }
  const sql::Row row(base, slots_);
  if (count_ + 1 > limits_.rows_max) {
    over_ = "more than " + std::to_string(limits_.rows_max) + " rows";
  } else if (bytes_ += row.bytes(); bytes_ > limits_.bytes_max) {
    over_ = "more than " + std::to_string(limits_.bytes_max) + " bytes";
  }
  if (!over_.empty()) {
    rows_ = {};
    return {};
  }
  ++count_;
  sink_ ? sink_->OnRow(row) : rows_.Append(row);
  return {};
}

std::string_view RowTaker::DecodeHex(std::string_view body) {
  scratch_.assign(body);
  for (sql::Row::Slot& slot : slots_) {
    if (slot.kind != sql::Kind::kBytes) continue;
    const auto decoded = DecodeInPlace(scratch_.data() + slot.offset, slot.bytes);
    if (!decoded) return {};
    slot.bytes = *decoded;
  }
  return scratch_;
}

void RowTaker::Finish() {
  if (described_ && !waits() && over_.empty()) TellColumns();
}

Result<void> RowTaker::Release() {
  waits_for_types_ = false;
  is_held_ = false;
  has_hex_ = HasHex();
  std::string_view rest = put_aside_;
  while (!rest.empty() && over_.empty()) {
    std::uint32_t bytes = 0;
    std::memcpy(&bytes, rest.data(), sizeof bytes);
    TM_TRY(Give(rest.substr(sizeof bytes, bytes)));
    rest.remove_prefix(sizeof bytes + bytes);
  }
  put_aside_ = {};
  Finish();
  return {};
}

}  // namespace tidemill::postgres
