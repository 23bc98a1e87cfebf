// Jobs: what waits for a thread with a connection.
//
// Made on a loop, run and answered on the thread. Each is answered once: by itself, or by Refuse.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include "sql/failure.h"
#include "sqlite/ticket.h"

namespace tidemill::sqlite {

class Connection;

class Job {
 public:
  explicit Job(std::shared_ptr<Ticket> ticket) : ticket_(std::move(ticket)) {}
  virtual ~Job() = default;
  // It is not run, or what it did was undone.
  virtual void Refuse(sql::Failure failure) = 0;
  Ticket& ticket() const { return *ticket_; }

 private:
  const std::shared_ptr<Ticket> ticket_;
};

// A write that shares its transaction with others; each is in a savepoint of its own. When another one makes
// SQLite undo the transaction, it runs again: it has no effects but those on the connection.
class GroupedJob : public Job {
 public:
  using Job::Job;
  virtual sql::Result<void> Run(Connection& connection) = 0;
  // After the commit.
  virtual void Answer() = 0;

 private:
  friend class Writer;
  bool taken_ = false;
};

// What has the connection to itself: a read, or a session of several steps.
class LoneJob : public Job {
 public:
  using Job::Job;
  // Also answers. `stop`: the store ends; whoever waits for a loop then gives up.
  virtual void Serve(Connection& connection, std::stop_token stop) = 0;
  // For the log: the statement, or what else it is.
  virtual std::string Name() const = 0;
};

}  // namespace tidemill::sqlite
