// ChannelLink: one Unix stream socket carrying framed messages with descriptors, in both directions. What is sent is
// queued and written by the link's own coroutine, so that senders never wait; the queue has a limit.
// Internal to io/channel.h.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "io/channel_frame.h"
#include "io/descriptor.h"
#include "io/event.h"
#include "io/io_error.h"
#include "io/loop.h"

namespace hikyaku::io {

struct Message {
  std::string octets;                   // at most 1 MiB less 16 octets
  std::vector<Descriptor> descriptors;  // at most 8
};

class ChannelLink : public std::enable_shared_from_this<ChannelLink> {
 public:
  static constexpr std::size_t queue_limit_octets = 16 << 20;

  ChannelLink(Loop& loop, Descriptor socket) : loop_(loop), socket_(std::move(socket)) {}
  ~ChannelLink() { close(); }

  // Queues a message. False when the link is closed, the queue is full or the message is beyond the limits.
  bool send(Message message);
  // The next message; Closed, Reset, TimedOut, Cancelled. One coroutine receives.
  Task<IoResult<Message>> receive(Deadline deadline);
  void close();
  [[nodiscard]] bool open() const { return static_cast<bool>(socket_); }

 private:
  static Task<void> write_queue(std::shared_ptr<ChannelLink> link);
  enum class Sent : std::uint8_t { Some, WouldBlock, Failed };
  Sent send_some();
  IoResult<bool> receive_some();
  IoResult<Message> take_descriptors(FrameReader::Frame frame);

  Loop& loop_;
  Descriptor socket_;
  std::deque<Message> queue_;  // framed; the first may be partly sent
  std::size_t queued_octets_ = 0;
  std::size_t sent_of_first_ = 0;
  bool writing_ = false;
  FrameReader reader_;
  std::deque<Descriptor> received_;  // in order, not yet claimed by a frame
};

}  // namespace hikyaku::io
