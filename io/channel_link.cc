#include "io/channel_link.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace hikyaku::io {

namespace {

constexpr std::size_t control_octets = CMSG_SPACE(sizeof(int) * frame_descriptor_limit);

struct Control {
  alignas(cmsghdr) std::array<char, control_octets> octets{};
};

void attach(msghdr& header, Control& control, const std::vector<Descriptor>& descriptors) {
  if (descriptors.empty()) return;
  header.msg_control = control.octets.data();
  header.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors.size());
  cmsghdr* part = CMSG_FIRSTHDR(&header);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    const int fd = descriptors[i].get();
    std::memcpy(CMSG_DATA(part) + i * sizeof fd, &fd, sizeof fd);
  }
}

// Takes over every descriptor of a received message, wanted or not, so that none leaks.
void collect(msghdr& header, std::deque<Descriptor>& into) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      into.emplace_back(fd);
    }
  }
}

}  // namespace

bool ChannelLink::send(Message message) {
  const std::size_t octets = message.octets.size();
  if (!open() || octets > frame_limit_octets || message.descriptors.size() > frame_descriptor_limit) return false;
  if (queued_octets_ + octets > queue_limit_octets) return false;
  message.octets.insert(0, print_frame_header({static_cast<std::uint32_t>(octets),
                                               static_cast<std::uint8_t>(message.descriptors.size())}));
  queued_octets_ += message.octets.size();
  queue_.push_back(std::move(message));
  if (writing_) return true;
  while (!queue_.empty()) {
    const Sent sent = send_some();
    if (sent == Sent::Failed) return close(), false;
    if (sent == Sent::Some) continue;
    writing_ = true;
    loop_.spawn(write_queue(shared_from_this()));
    break;
  }
  return true;
}

ChannelLink::Sent ChannelLink::send_some() {
  Message& first = queue_.front();
  iovec part{first.octets.data() + sent_of_first_, first.octets.size() - sent_of_first_};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  Control control;
  attach(header, control, first.descriptors);
  const auto n = ::sendmsg(socket_.get(), &header, MSG_NOSIGNAL);
  if (n < 0) return errno == EAGAIN || errno == EINTR ? Sent::WouldBlock : Sent::Failed;
  first.descriptors.clear();  // they went with the first octet
  sent_of_first_ += static_cast<std::size_t>(n);
  if (sent_of_first_ < first.octets.size()) return Sent::Some;
  queued_octets_ -= first.octets.size();
  sent_of_first_ = 0;
  queue_.pop_front();
  return Sent::Some;
}

Task<void> ChannelLink::write_queue(std::shared_ptr<ChannelLink> link) {
  while (link->open() && !link->queue_.empty()) {
    const Wake outcome = co_await link->loop_.writable(link->socket_.get(), Instant::max());
    if (outcome != Wake::Ready || !link->open()) break;
    Sent sent = Sent::Some;
    while (sent == Sent::Some && !link->queue_.empty()) sent = link->send_some();
    if (sent == Sent::Failed) link->close();
  }
  link->writing_ = false;
}

IoResult<bool> ChannelLink::receive_some() {
  std::array<char, 64 * 1024> buffer;
  iovec part{buffer.data(), buffer.size()};
  Control control;
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.octets.data();
  header.msg_controllen = control.octets.size();
  const auto n = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n < 0) return failure(io_error_of("recvmsg", errno));
  collect(header, received_);
  if ((header.msg_flags & MSG_CTRUNC) != 0)
    return failure(IoError{IoFailure::NoResources, "descriptors sent to us were lost"});
  if (n == 0) return failure(IoError{IoFailure::Closed, "the peer closed the channel"});
  reader_.receive({buffer.data(), static_cast<std::size_t>(n)});
  return true;
}

IoResult<Message> ChannelLink::take_descriptors(FrameReader::Frame frame) {
  // A descriptor arrives with the first octet of its frame, so it is there before the frame is whole.
  if (frame.descriptors > received_.size())
    return failure(IoError{IoFailure::Reset, "a message came without its descriptors"});
  Message message{std::move(frame.octets), {}};
  for (int i = 0; i < frame.descriptors; ++i) {
    message.descriptors.push_back(std::move(received_.front()));
    received_.pop_front();
  }
  return message;
}

Task<IoResult<Message>> ChannelLink::receive(Deadline deadline) {
  for (;;) {
    FrameReader::Frame frame;
    const auto state = reader_.next(frame);
    if (state == FrameReader::State::Ready) co_return take_descriptors(std::move(frame));
    if (state == FrameReader::State::Broken)
      co_return failure(IoError{IoFailure::Reset, "the peer sent a frame beyond the limits"});
    if (!open()) co_return failure(IoError{IoFailure::Closed, "this side closed the channel"});
    auto got = receive_some();
    if (!got) co_return failure(std::move(got.error()));
    if (received_.size() > 2 * frame_descriptor_limit)
      co_return failure(IoError{IoFailure::Reset, "the peer sent descriptors without messages"});
    if (*got) continue;
    const Wake outcome = co_await loop_.readable(socket_.get(), deadline);
    if (outcome == Wake::TimedOut) co_return failure(IoError{IoFailure::TimedOut, "the deadline passed"});
    if (outcome == Wake::Cancelled && open())
      co_return failure(IoError{IoFailure::Cancelled, "this process is stopping"});
  }
}

void ChannelLink::close() {
  if (!socket_) return;
  loop_.forget(socket_.get());
  socket_.reset();
  queue_.clear();
  queued_octets_ = 0;
}

}  // namespace hikyaku::io
