// ArrivedText: the text of a message that a session has taken, piece by piece: from a file when it is large, read on workers, then from memory.
#pragma once

#include "io/workers.h"
#include "services/quarantine/store.h"
#include "services/scanning/scanner.h"
#include "services/spool/message_sink.h"

namespace hikyaku::receive {

class ArrivedText final : public scanning::Text {
 public:
  static constexpr std::uint64_t read_at_once = 256 << 10;

  // Without its first `skip` octets, and no more than `most` of what follows. The sink stays as it is meanwhile.
  ArrivedText(io::Loop& loop, io::Workers& workers, const spool::MessageSink& sink, std::uint64_t skip = 0, std::uint64_t most = ~0ULL)
      : loop_(loop), workers_(workers), sink_(sink), at_(skip), left_(most) {}

  Task<Result<std::string_view, std::string>> next() override;

 private:
  std::string_view of_memory();

  io::Loop& loop_;
  io::Workers& workers_;
  const spool::MessageSink& sink_;
  std::uint64_t at_, left_;
  std::size_t chunk_ = 0;
  std::uint64_t chunk_begins_ = 0;  // in the text; of the chunks before it the octets are counted
  bool in_memory_ = false;
  std::string piece_;
};

// For a worker that keeps all of it elsewhere; blocks. The sink outlives it, and stays as it is meanwhile.
[[nodiscard]] quarantine::Source text_of(const spool::MessageSink& sink);

inline constexpr std::size_t most_header_octets = 1 << 20;  // of what a sender writes; no honest mail has more

// The header at the beginning of what ArrivedText would give, with the empty line behind it where there is one. Of a header longer than `most` its beginning, of more
// octets than that.
Task<Result<std::string, std::string>> header_of(ArrivedText text, std::size_t most = ~0UZ);
// All of what ArrivedText would give, at most `most` octets; for those who need it in one piece.
Task<Result<std::string, std::string>> whole_text(ArrivedText text);

}  // namespace hikyaku::receive
