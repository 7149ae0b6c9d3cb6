#include "services/spool/incoming.h"

#include <doctest/doctest.h>

#include <future>

#include "io/simulated_disk.h"
#include "services/spool/message_record.h"

using namespace hikyaku;
using namespace hikyaku::spool;

namespace {
IncomingOptions small() {
  IncomingOptions options{.folder = "/spool/incoming-1"};
  options.segments = {.segment_octets = 256 << 10, .reserve_octets = 0, .nonce_seed = 1};
  return options;
}

Envelope envelope(const TraceId& id) {
  Envelope out;
  out.id = id;
  out.reverse_path.address = {"alice", "example.jp"};
  out.recipients = {{{"bob", "example.net"}, "", {}}};
  return out;
}

SpoolResult<> submit(IncomingWriter& writer, const TraceId& id, std::string_view text) {
  auto sink = writer.new_sink();
  for (; !text.empty(); text.remove_prefix(std::min<std::size_t>(text.size(), 10'000))) {
    sink.append(text.substr(0, 10'000));
    if (sink.should_spill()) TRY_VOID(sink.spill());
  }
  TRY(body, sink.finish());
  std::promise<SpoolResult<>> answer;
  writer.submit({envelope(id), std::move(body), [&](SpoolResult<> result) { answer.set_value(std::move(result)); }});
  return answer.get_future().get();
}

std::vector<std::pair<Envelope, std::string>> all_messages(io::Disk& disk) {
  std::vector<std::pair<Envelope, std::string>> all;
  auto reader = *storage::open_file_journal_reader(disk, "/spool/incoming-1", small().segments);
  const auto page = reader->heads({}, 1000);
  REQUIRE(page);
  for (const auto& one : page->heads) {
    auto head = decode_message_head(one.head);
    REQUIRE(head);
    if (head->place == TextPlace::InRecord) {
      all.emplace_back(head->envelope, *reader->body(one.at, 0, UINT32_MAX));
    } else {
      CHECK(one.body_octets == 0);
      auto file = disk.open("/spool/incoming-1/blob-" + head->envelope.id.text(), io::OpenMode::Read);
      REQUIRE(file);
      std::string text(*(*file)->size(), '\0');
      REQUIRE((*file)->read_at(0, text));
      all.emplace_back(head->envelope, text);
    }
  }
  return all;
}
}  // namespace

TEST_CASE("incoming: what was answered with success survives a power cut, small, spilled and large") {
  io::SimulatedDisk disk;
  std::vector<std::pair<TraceId, std::string>> sent;
  {
    auto writer = IncomingWriter::open(disk, small());
    REQUIRE(writer);
    for (const std::size_t octets : {0, 1, 5'000, 40'000, 70'000, 300'000, 900'000}) {
      const auto id = (*writer)->next_id();
      sent.emplace_back(id, std::string(octets, static_cast<char>('a' + octets % 26)));
      const auto done = submit(**writer, id, sent.back().second);
      REQUIRE_MESSAGE(done, done.error().what);
    }
    CHECK((*writer)->statistics().messages == sent.size());
    disk.cut();
  }
  auto writer = IncomingWriter::open(disk, small());
  REQUIRE(writer);
  CHECK((*writer)->next_id().owner > sent[0].first.owner);
  const auto all = all_messages(disk);
  REQUIRE(all.size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i) {
    CHECK(all[i].first.id == sent[i].first);
    CHECK(all[i].first.body_octets == sent[i].second.size());
    CHECK(all[i].second == sent[i].second);
  }
}

TEST_CASE("incoming: blobs and spill files that no record names are removed at the next start") {
  io::SimulatedDisk disk;
  {
    auto writer = *IncomingWriter::open(disk, small());
    auto sink = writer->new_sink();
    sink.append(std::string(300'000, 'x'));
    REQUIRE(sink.spill());
    disk.kill();
  }
  CHECK(disk.open("/spool/incoming-1/blob-B0000000000000000000000000X", io::OpenMode::Create));
  auto writer = *IncomingWriter::open(disk, small());
  for (const auto& name : *disk.list("/spool/incoming-1")) {
    CHECK(!name.starts_with("spill-"));
    CHECK(!name.starts_with("blob-"));
  }
}

TEST_CASE("incoming: a failed flush is an error for its message alone, and void") {
  io::SimulatedDisk disk;
  auto writer = *IncomingWriter::open(disk, small());
  REQUIRE(submit(*writer, writer->next_id(), "first"));
  // The tender's own flush, of a spare segment, may meet the fault instead; then it is asked for again.
  std::size_t stored = 1;
  SpoolResult<> failed;
  while (stored < 20) {
    disk.fail(io::DiskCall::Flush, 1, io::DiskFailure::Broken);
    failed = submit(*writer, writer->next_id(), "second");
    if (!failed) break;
    ++stored;
  }
  REQUIRE(!failed);
  CHECK(failed.error().kind == SpoolFailure::FlushFailed);
  REQUIRE(submit(*writer, writer->next_id(), "third"));
  const auto all = all_messages(disk);
  REQUIRE(all.size() == stored + 1);
  CHECK(all.back().second == "third");
}

TEST_CASE("incoming: the size limit answers NoSpace until segments are released; a stopped writer answers Stopped") {
  io::SimulatedDisk disk;
  auto options = small();
  options.segments.most_octets = 2 * options.segments.segment_octets;
  auto writer = *IncomingWriter::open(disk, options);
  const std::string text(50'000, 'x');
  SpoolResult<> done;
  for (int i = 0; i < 20 && done; ++i) done = submit(*writer, writer->next_id(), text);
  REQUIRE(!done);
  CHECK(done.error().kind == SpoolFailure::NoSpace);
  CHECK(!writer->has_space());
  auto reader = *storage::open_file_journal_reader(disk, options.folder, options.segments);
  REQUIRE(reader->release((*reader->finished_segments()).at(0)));
  for (int i = 0; i < 100 && !writer->has_space(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds{50});
  CHECK(writer->has_space());
  CHECK(submit(*writer, writer->next_id(), text));
  writer->stop();
  CHECK(submit(*writer, writer->next_id(), text).error().kind == SpoolFailure::Stopped);
}

TEST_CASE("incoming: many submitters share flushes and every id is its own") {
  io::SimulatedDisk disk;
  auto writer = *IncomingWriter::open(disk, small());
  std::atomic<int> answered{0};
  for (int i = 0; i < 500; ++i)
    writer->submit({envelope(writer->next_id()), MessageBody(std::string(100, 'x')), [&](SpoolResult<> result) {
                      if (result) ++answered;
                    }});
  writer->stop();
  CHECK(answered == 500);
  CHECK(writer->statistics().flushes < 300);
  const auto all = all_messages(disk);
  CHECK(all.size() == 500);
}
