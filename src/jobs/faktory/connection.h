// One connection of a worker or a producer: the handshake, then lines for its session. Private to
// jobs/faktory.
//
// Reading stops while the session is busy with a command and more have come, while too many answers wait for
// commits, and while the client does not take its answers; so what is buffered is a line, the answers to the
// commands of one read, and a turn's share of input. A client that leaves its answers for answer_timeout is
// closed.
//
// Loop thread only. Owns itself: Finish takes it out of its server's list and retires it; a server that ends
// deletes those still in its list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/intrusive_list.h"
#include "jobs/faktory/handshake.h"
#include "jobs/faktory/line_reader.h"
#include "jobs/faktory/server_state.h"
#include "jobs/faktory/session.h"
#include "net/stream.h"
#include "net/task_scope.h"
#include "net/timer_wheel.h"

namespace tidemill::faktory {

class Connection final : public net::StreamHandler,
                         public net::Retirable,
                         public ListLink<Connection>,
                         private WatchedConnection,
                         private SessionOwner,
                         private net::Timer {
 public:
  Connection(ServerState& server, std::unique_ptr<net::Stream> stream);
  ~Connection() override;

  // Greets. ReadNow follows, but from within the stream's OnData.
  void Start();
  void ReadNow() { stream_->ReadNow(); }
  // Says why, and closes.
  void Refuse(std::string_view why);
  // Leaves its server, its worker and the engine; nothing follows. It is then the caller's to destroy.
  void Leave();
  // Sends what is owed, and closes.
  void CloseSoon();

  // net::StreamHandler
  void OnData(std::string_view bytes) override;
  void OnWritable() override;
  void OnClosed() override;
  // net::Retirable
  void OnRetire() override;

 private:
  enum class Phase : std::uint8_t { kHello, kPassword, kServing, kClosing };

  // WatchedConnection
  void OnWorkerSilent() override { Finish(); }
  // SessionOwner
  void OnAnswers(std::string_view bytes) override;
  void OnFree() override;
  void OnTimer() override;

  void ReadLines();
  bool MustWait();
  void HoldInput();
  void OnLine(std::string_view line);
  void OnHello(std::string_view line);
  void RefuseHello(const char* why);
  Task<void> CheckPassword(Hello hello);
  void Welcome(Hello hello);
  void GoOn();
  void WatchWriting();
  // What the buffers take now. False: there is no room, and the connection is closed.
  bool Count();
  // Of the budget that it is counted in.
  BufferBudget::Share share() const {
    return session_ ? BufferBudget::Share::kAll : BufferBudget::Share::kStrangers;
  }
  void Finish();

  ServerState& server_;
  std::unique_ptr<net::Stream> stream_;
  LineReader reader_{kHelloBytesMax};
  std::optional<Challenge> challenge_;
  std::optional<Session> session_;  // once HELLO is accepted
  std::string wid_;                 // of a worker, once it is known to the engine
  std::size_t counted_ = 0;         // in the server's budget
  Phase phase_ = Phase::kHello;
  bool reading_ = false;
  bool finished_ = false;
  TaskScope scope_;  // last: its task refers to all above
};

}  // namespace tidemill::faktory
