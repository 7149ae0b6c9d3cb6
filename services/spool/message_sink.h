// MessageSink: where a session puts a message's text while it arrives. Up to 256 KiB stay in memory; above that the
// session hands them to a spill file, so a thousand slow senders of large mail cost files and not memory.
// MessageBody is the finished text, ready for IncomingWriter::submit.
//
//   sink.append(octets);                                            // on the loop, no I/O
//   if (sink.should_spill()) co_await workers: sink.spill();        // blocks
//   co_await workers if sink.spilled(): sink.finish();              // blocks only then
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/spool/message.h"

namespace hikyaku::spool {

class SpillFolder;
class SpillFile;  // removes itself unless it became a blob

class MessageBody {
 public:
  MessageBody();
  explicit MessageBody(std::string text);
  MessageBody(MessageBody&&) noexcept;
  MessageBody& operator=(MessageBody&&) noexcept;
  ~MessageBody();
  [[nodiscard]] std::uint64_t octets() const { return octets_; }

 private:
  friend class MessageSink;
  friend class IncomingWriter;
  std::vector<std::string> chunks_;
  std::unique_ptr<SpillFile> file_;  // then chunks_ is empty
  std::uint64_t octets_ = 0;
};

// One message, one thread at a time. Get one from IncomingWriter::new_sink; it may outlive the writer.
class MessageSink {
 public:
  static constexpr std::size_t memory_octets = 256 << 10;

  explicit MessageSink(std::shared_ptr<SpillFolder> folder);
  MessageSink(MessageSink&&) noexcept;
  MessageSink& operator=(MessageSink&&) noexcept;
  ~MessageSink();

  // Copies the octets once. No I/O. The caller keeps within its own size limit and spills when told to.
  void append(std::string_view octets);
  [[nodiscard]] std::uint64_t octets() const { return octets_; }
  [[nodiscard]] bool should_spill() const { return in_memory_ >= memory_octets; }
  [[nodiscard]] bool spilled() const { return file_ != nullptr; }
  // Moves what is in memory to the file. Blocks. NoSpace: answer 452.
  SpoolResult<> spill();
  // Before all that was appended: what is known of a message only when it has ended; in place of its first `instead_of` octets. Blocks when spilled()
  // (the file is copied).
  SpoolResult<> put_first(std::string octets, std::uint64_t instead_of = 0);
  // The finished text; the sink is empty afterwards. Blocks when spilled() (write, and flush of a large one).
  SpoolResult<MessageBody> finish();

  // The text so far, for who looks at it before finish(): what is in the file, then the chunks in memory.
  [[nodiscard]] std::uint64_t spilled_octets() const { return octets_ - in_memory_; }
  // Fewer octets at the file's end. Blocks.
  SpoolResult<std::string> read_spilled(std::uint64_t offset, std::uint64_t octets) const;
  [[nodiscard]] const std::vector<std::string>& in_memory() const { return chunks_; }

 private:
  void drop_from_memory(std::uint64_t octets);

  std::shared_ptr<SpillFolder> folder_;
  std::vector<std::string> chunks_;
  std::unique_ptr<SpillFile> file_;
  std::size_t in_memory_ = 0;
  std::uint64_t octets_ = 0;
};

}  // namespace hikyaku::spool
