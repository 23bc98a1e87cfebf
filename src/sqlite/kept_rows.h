// KeptRows: the sink that keeps what it gets.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "sql/rows.h"

namespace tidemill::sqlite {

class KeptRows final : public sql::RowSink {
 public:
  void OnColumns(std::shared_ptr<const sql::Columns> columns) override {
    rows_ = sql::Rows(std::move(columns));
  }
  void OnRow(const sql::Row& row) override { rows_.Append(row); }

  const sql::Rows& rows() const { return rows_; }
  sql::Rows Take() { return std::exchange(rows_, {}); }

 private:
  sql::Rows rows_;
};

}  // namespace tidemill::sqlite
