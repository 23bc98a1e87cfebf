// Opening: a fixture for tests that open sessions and ask something on them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/testing/patience.h"
#include "net/testing/harness.h"
#include "net/testing/run_task.h"
#include "postgres/opening/session_opener.h"

namespace tidemill::postgres::testing {

class Opening : public ::testing::Test {
 protected:
  ~Opening() override;

  // A failure of the test when the address is none.
  std::unique_ptr<const SessionOpener> Opener(const std::string& url,
                                              Duration timeout = tidemill::testing::kPatience);
  sql::Result<OpenedSession> Open(const std::string& url, Duration timeout = tidemill::testing::kPatience);
  // The stream's handler is handler_.
  sql::Result<OpenedSession> Open(const SessionOpener& opener);

  template <class T>
  T Run(Task<T> task) {
    return net::testing::RunTask(*loop_, std::move(task));
  }

  // A query, and what answers it: the first field of its first row, or the code of the error; "" for neither.
  void Send(OpenedSession& session, const std::string& query);
  std::string Answer(OpenedSession& session);
  std::string Ask(OpenedSession& session, const std::string& query);

  const std::unique_ptr<net::Loop> loop_ = net::testing::OpenLoop();
  net::testing::RecordingHandler handler_;
};

}  // namespace tidemill::postgres::testing
