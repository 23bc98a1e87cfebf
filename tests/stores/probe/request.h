// Request: one line of the probe's input, and the line it answers with.
//
//   {"sql": "select $1::int", "parameters": [["int", "5"]], "access": "read"}
//   {"json": [{"int4":5}], "texts": [["5"]], "kinds": [["integer"]], "affected": 0}
//
// A parameter is ["null"], ["bool", true], ["int", "5"], ["double", "1.5"], ["text", "…"], ["bytes", BASE64],
// ["ints", ["5"]] or ["texts", ["…"]]; in an answer bytes are base64, too. What fails:
//   {"failure": {"kind": "unique_violation", "code": "23505", "message": "…"}}
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sql/database.h"

namespace tidemill::probe {

struct Request {
  std::string sql;
  sql::Parameters parameters;
  sql::Access access = sql::Access::kWrite;
};

Result<Request> ParseRequest(std::string_view line);

std::string AnswerOf(const sql::Result<sql::RunResult>& result);

}  // namespace tidemill::probe
