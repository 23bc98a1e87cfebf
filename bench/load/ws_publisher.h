// The connection that publishes to the shared channel over WebSocket (Tidemill and the floor only).
#pragma once

#include <string>
#include <string_view>

#include "load/crowd.h"
#include "load/publisher.h"

namespace load {

class WsPublisher final : public Publisher {
 public:
  WsPublisher(const Options& options, Crowd& crowd);
  ~WsPublisher() override;
  WsPublisher(const WsPublisher&) = delete;
  WsPublisher& operator=(const WsPublisher&) = delete;

  void Publish(const Stamp& stamp) override;
  void Flush() override;
  std::size_t waiting() const override { return waiting_.empty() ? 0 : 1; }

  // Of the frame that each subscriber gets.
  static std::size_t MessageBytes(std::size_t data_bytes);

 private:
  void ReadAnswers();

  // The floor gets what the server would make of a publication, so that subscribers of both receive the same
  // bytes.
  const std::string_view before_, after_;
  Messages messages_;
  const int fd_;
  std::string text_;
  std::string waiting_;
  std::string buffer_;
};

}  // namespace load
