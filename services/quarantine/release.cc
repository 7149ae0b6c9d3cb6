#include "services/quarantine/release.h"

#include <algorithm>
#include <future>

#include "services/spool/side_journal.h"

namespace hikyaku::quarantine {
namespace {

using spool::SpoolResult;

// A filter's words, and what they quote of the message: one line, and no more of it than a field should hold.
std::string one_line(std::string words) {
  constexpr std::size_t most = 400;
  words.resize(std::min(words.size(), most));
  std::ranges::replace_if(words, [](char c) { return c < ' ' || c > '~'; }, ' ');
  return words;
}

SpoolResult<Released> append(Store& store, spool::IncomingWriter& writer, const TraceId& id, const ReleaseOptions& options, WallTime now) {
  TRY(entry, store.find(id));
  auto sink = writer.new_sink();
  sink.append(std::string(options.field) + ": Released (" + one_line(entry.why) + ")\r\n");
  const To into = [&sink](std::string_view piece) -> SpoolResult<> {
    sink.append(piece);
    return sink.should_spill() ? sink.spill() : SpoolResult<>{};
  };
  TRY_VOID(options.read ? options.read(id, into) : store.read(id, into));
  TRY(body, sink.finish());
  const auto& to = entry.envelope.recipients;
  Released released{.from = id, .as = writer.next_id(), .mark = entry.mark, .sender = entry.envelope.reverse_path.text(), .recipient = to.empty() ? std::string() : to.front().address.text()};
  spool::Submission submission;
  submission.envelope = std::move(entry.envelope);
  submission.envelope.id = released.as;
  // Its periods begin now: the time here was not the recipient's.
  submission.envelope.accepted_at = now;
  submission.envelope.release.reset();
  submission.envelope.deliver_by.reset();
  submission.body = std::move(body);
  std::promise<SpoolResult<>> flushed;
  auto answer = flushed.get_future();
  submission.on_done = [&flushed](SpoolResult<> result) { flushed.set_value(std::move(result)); };
  writer.submit(std::move(submission));
  TRY_VOID(answer.get());
  return released;
}

}  // namespace

SpoolResult<> release(io::Disk& disk, Store& store, const std::vector<TraceId>& ids, const ReleaseOptions& options, WallTime now,
                      const std::function<void(const Released&)>& each) {
  TRY(writer, spool::open_side_journal(disk, {options.spool_folder, spool::release_journal, options.node, options.reserve_octets}));
  for (const auto& id : ids) {
    TRY(released, append(store, *writer, id, options, now));
    TRY_VOID(store.remove(id));
    each(released);
  }
  writer->stop();
  return {};
}

}  // namespace hikyaku::quarantine
