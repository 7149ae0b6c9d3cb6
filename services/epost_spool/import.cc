#include "services/epost_spool/import.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "protocol/mime/date.h"
#include "protocol/mime/header.h"
#include "services/epost_spool/ledger.h"

namespace hikyaku::epost_spool {
namespace {

constexpr std::size_t pairs_at_once = 64;
constexpr std::uint64_t octets_at_once = 32 << 20;
constexpr std::size_t header_kept = 64 << 10;

spool::SpoolError of_disk(const io::DiskError& error) {
  return {error.kind == io::DiskFailure::NoSpace ? spool::SpoolFailure::NoSpace : spool::SpoolFailure::Broken, error.what};
}

// When E-Post took the message: the stamp of its own trace line, which is the topmost (RFC 5321 §4.4).
WallTime acceptance_time(std::string_view header, WallTime now) {
  constexpr auto oldest = std::chrono::days{365};
  for (const auto name : {"Received", "Date"}) {
    const auto field = mime::find_field(header, name);
    if (!field) continue;
    const auto semicolon = field->value.rfind(';');
    const auto date = mime::parse_date(semicolon == std::string_view::npos ? field->value : field->value.substr(semicolon + 1));
    if (date && date->utc() <= now && now - WallTime(date->utc()) < oldest) return WallTime(date->utc());
  }
  return now;
}

// Waits for what the flusher thread answers.
class Answers {
 public:
  void expect() {
    const std::lock_guard lock(mutex_);
    ++open_;
  }
  void answer(std::size_t index, spool::SpoolResult<> result) {
    const std::lock_guard lock(mutex_);
    if (!result) failed_.emplace_back(index, std::move(result).error());
    if (--open_ == 0) all_.notify_all();
  }
  std::vector<std::pair<std::size_t, spool::SpoolError>> wait() {
    std::unique_lock lock(mutex_);
    all_.wait(lock, [this] { return open_ == 0; });
    return std::move(failed_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  std::size_t open_ = 0;
  std::vector<std::pair<std::size_t, spool::SpoolError>> failed_;
};

class Importer {
 public:
  Importer(io::Disk& disk, const ImportOptions& options, WallTime now, const EachPair& each)
      : disk_(disk), options_(options), now_(now), each_(each) {}
  spool::SpoolResult<ImportSummary> run();

 private:
  struct Ready {
    Pair pair;
    spool::Submission submission;
  };
  spool::SpoolResult<> take(Pair pair);
  spool::SpoolResult<> open_journal();
  spool::SpoolResult<spool::Submission> make_submission(Pair& pair);
  spool::SpoolResult<> write_group();
  void tell(Pair&& pair, Fate fate, TraceId id = {});
  void note_retry_data(const FolderScan& scan);

  io::Disk& disk_;
  const ImportOptions& options_;
  const WallTime now_;
  const EachPair& each_;
  ImportSummary summary_;
  std::optional<ImportLedger> ledger_;
  std::unique_ptr<spool::IncomingWriter> writer_;
  std::vector<Ready> group_;
  std::uint64_t group_octets_ = 0;
};

void Importer::tell(Pair&& pair, Fate fate, TraceId id) {
  switch (fate) {
    case Fate::Taken: ++summary_.taken; break;
    case Fate::Before: ++summary_.before; break;
    case Fate::AllServed: ++summary_.all_served; break;
    case Fate::Damaged: ++summary_.damaged; break;
    case Fate::Undecided: ++summary_.undecided; break;
  }
  each_({std::move(pair.stem), fate, id, pair.envelope.recipients.size(), std::move(pair.notes), std::move(pair.damage)});
}

void Importer::note_retry_data(const FolderScan& scan) {
  for (const auto& path : scan.retry_data) {
    const auto text = io::read_file(disk_, path, 1 << 20);
    const auto retry = text ? parse_domain_mri(*text) : failure(Damage{0, text.error().what});
    summary_.retry_notes.push_back(retry ? retry->domain + ": " + std::to_string(retry->tries) + " tries, last code " + std::to_string(retry->error_code)
                                         : path + ": " + retry.error().what);
  }
}

spool::SpoolResult<> Importer::open_journal() {
  if (writer_) return {};
  TRY(writer, spool::open_side_journal(disk_, {options_.spool_folder, spool::import_journal, options_.node, options_.reserve_octets}));
  writer_ = std::move(writer);
  return {};
}

spool::SpoolResult<spool::Submission> Importer::make_submission(Pair& pair) {
  auto sink = writer_->new_sink();
  TextReader reader(pair.dots);
  std::string piece, header;
  spool::SpoolResult<> spilled;
  const auto give = [&] {
    if (header.size() < header_kept) header += piece.substr(0, header_kept);
    sink.append(piece);
    piece.clear();
    if (sink.should_spill()) spilled = sink.spill();
    return spilled.has_value();
  };
  const auto read = read_pieces(disk_, pair.message_path, [&](std::string_view octets) { return reader.add(octets, piece), give(); });
  if (!read) return failure(of_disk(read.error()));
  reader.finish(piece);
  if (spilled) give();
  if (!spilled) return failure(std::move(spilled).error());
  if (reader.goes_on_after_end()) pair.damage = pair.message_path + " goes on behind its final dot";
  if (reader.line_ends_mended() > 0) pair.notes.push_back(std::to_string(reader.line_ends_mended()) + " line ends were no CRLF and were mended");
  TRY(body, sink.finish());
  spool::Submission submission;
  submission.envelope.id = writer_->next_id();
  submission.envelope.reverse_path = pair.envelope.reverse_path;
  for (const auto& one : pair.envelope.recipients) submission.envelope.recipients.push_back({one, "", {}});
  submission.envelope.body_type = reader.eight_bit() ? BodyType::EightBitMime : BodyType::SevenBit;
  submission.envelope.accepted_at = acceptance_time(header.substr(0, mime::header_octets(header)), now_);
  submission.envelope.client_helo = "epost-spool";
  submission.body = std::move(body);
  return submission;
}

spool::SpoolResult<> Importer::take(Pair pair) {
  if (!pair.damage.empty()) return tell(std::move(pair), Fate::Damaged), spool::SpoolResult<>{};
  if (pair.envelope.recipients.empty()) return tell(std::move(pair), Fate::AllServed), spool::SpoolResult<>{};
  const auto known = ledger_ ? ledger_->find(pair.identity) : ImportLedger::Entry{};
  if (known.state == ImportLedger::State::Taken) return tell(std::move(pair), Fate::Before, known.id), spool::SpoolResult<>{};
  if (known.state == ImportLedger::State::Undecided && options_.undecided == ImportOptions::UndecidedPairs::Leave)
    return tell(std::move(pair), Fate::Undecided, known.id), spool::SpoolResult<>{};
  if (options_.run == ImportOptions::Run::Dry) return tell(std::move(pair), Fate::Taken), spool::SpoolResult<>{};
  TRY_VOID(open_journal());
  TRY(submission, make_submission(pair));
  if (!pair.damage.empty()) return tell(std::move(pair), Fate::Damaged), spool::SpoolResult<>{};
  group_octets_ += submission.body.octets();
  group_.push_back({std::move(pair), std::move(submission)});
  return group_.size() < pairs_at_once && group_octets_ < octets_at_once ? spool::SpoolResult<>{} : write_group();
}

spool::SpoolResult<> Importer::write_group() {
  if (group_.empty()) return {};
  auto group = std::exchange(group_, {});
  group_octets_ = 0;
  std::vector<ImportLedger::Line> lines;
  for (const auto& one : group) lines.push_back({one.pair.identity, one.submission.envelope.id, one.pair.stem});
  if (auto begun = ledger_->begin(lines); !begun) return failure(of_disk(begun.error()));
  Answers answers;
  for (std::size_t n = 0; n < group.size(); ++n) {
    answers.expect();
    group[n].submission.on_done = [&answers, n](spool::SpoolResult<> result) { answers.answer(n, std::move(result)); };
    writer_->submit(std::move(group[n].submission));
  }
  const auto failed = answers.wait();
  std::vector<ImportLedger::Line> done, undone;
  std::vector<std::size_t> taken;
  for (std::size_t n = 0; n < group.size(); ++n) {
    const bool written = std::ranges::find(failed, n, [](const auto& one) { return one.first; }) == failed.end();
    (written ? done : undone).push_back(lines[n]);
    if (written) taken.push_back(n);
  }
  if (auto ended = ledger_->end(done); !ended) return failure(of_disk(ended.error()));
  for (const auto n : taken) tell(std::move(group[n].pair), Fate::Taken, lines[n].id);
  if (auto cancelled = undone.empty() ? io::DiskResult<>{} : ledger_->cancel(undone); !cancelled) return failure(of_disk(cancelled.error()));
  return failed.empty() ? spool::SpoolResult<>{} : failure(failed.front().second);
}

spool::SpoolResult<ImportSummary> Importer::run() {
  auto scan = scan_work_folder(disk_, options_.from);
  if (!scan) return failure(of_disk(scan.error()));
  note_retry_data(*scan);
  summary_.strangers = std::move(scan->strangers);
  const std::string path = options_.spool_folder + "/epost-imported";
  if (options_.run == ImportOptions::Run::Real || disk_.info(path)) {
    auto ledger = ImportLedger::open(disk_, path);
    if (!ledger) return failure(of_disk(ledger.error()));
    ledger_ = std::move(*ledger);
  }
  for (const auto& [stem, files] : scan->stems) TRY_VOID(take(read_pair(disk_, stem, files, options_.dots)));
  TRY_VOID(write_group());
  if (writer_) writer_->stop();
  return std::move(summary_);
}

}  // namespace

spool::SpoolResult<ImportSummary> import_spool(io::Disk& disk, const ImportOptions& options, WallTime now, const EachPair& each) {
  return Importer(disk, options, now, each).run();
}

}  // namespace hikyaku::epost_spool
