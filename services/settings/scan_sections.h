// The sections about what mail carries: scanning for viruses.
#pragma once

#include "services/settings/setting.h"

namespace hikyaku::settings {

using namespace std::chrono_literals;

struct ScanningSection : Section {
  ScanningSection() : Section("scanning", "Scanning for viruses by ClamAV's clamd, after the text of a message and before its 250.",
                              "ClamAV の clamd によるウイルススキャン。本文を受け取った後、250 を返す前に行う。") {}
  Setting<Text> clamd{*this, "clamd", {
      .help = "Where clamd listens: \"/run/clamav/clamd.ctl\" or \"127.0.0.1:3310\". Empty: nothing is scanned. From none to a TCP address counts when receive is restarted.",
      .help_ja = "clamd の待ち受け。\"/run/clamav/clamd.ctl\" または \"127.0.0.1:3310\"。空ならスキャンしない。TCP アドレスへの変更は receive の再起動で有効になる。",
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> on_infected{*this, "on_infected", {
      .help = "An infected message is refused (550 5.7.1, with the virus's name), or taken and tagged in its header.",
      .help_ja = "感染メールの扱い。refuse は拒否(550 5.7.1、ウイルス名を示す)、tag はヘッダーに印を付けて受け取る。",
      .preset = "refuse", .choices = {"refuse", "tag"}, .takes_effect = TakesEffect::NewConnections}};
  Setting<Texts> unwanted_names{*this, "unwanted_names", {
      .help = "Beginnings of the names of what is no virus but unwanted: spyware, adware. Compared with the name, and with what follows its first dot (\"Adware\" means Win.Adware.X too).",
      .help_ja = "ウイルスではないが不要なもの(スパイウェア、アドウェア)の名前の先頭部分。名前全体と、最初のドットより後の部分とを比べる(\"Adware\" は Win.Adware.X にも当たる)。",
      .preset = {"PUA", "Adware", "Spyware"}, .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> on_unwanted{*this, "on_unwanted", {
      .help = "What is done with these; pass: as with clean mail.", .help_ja = "上記に当たるメールの扱い。pass なら感染なしと同じに扱う。",
      .preset = "tag", .choices = {"refuse", "tag", "pass"}, .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> when_away{*this, "when_away", {
      .help = "While clamd is away, too slow or in trouble of its own, mail is put off (451 4.3.0), or passed with the mark \"X-Virus-Status: Not scanned\".",
      .help_ja = "clamd が止まっている、遅い、エラーを返すときの扱い。defer は後で送らせる(451 4.3.0)、pass は印(X-Virus-Status: Not scanned)を付けて受け取る。",
      .preset = "defer", .choices = {"defer", "pass"}, .takes_effect = TakesEffect::NewConnections}};
  Setting<ByteCount> size{*this, "size", {
      .help = "Largest message that is scanned; not more than StreamMaxLength of clamd.conf.", .help_ja = "スキャンするメールの最大サイズ。clamd.conf の StreamMaxLength 以下にする。",
      .preset = MiB(25), .min = KiB(64), .max = GiB(1), .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> too_large{*this, "too_large", {
      .help = "A larger one is passed with a mark, put off (451 4.3.4), or refused (552 5.3.4).", .help_ja = "それより大きなメールの扱い。pass は印を付けて受け取る、defer は後で送らせる(451 4.3.4)、refuse は拒否(552 5.3.4)。",
      .preset = "pass", .choices = {"pass", "defer", "refuse"}, .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> timeout{*this, "timeout", {
      .help = "Time for one scan with its waiting and sending; clients wait ten minutes for the answer to their text (RFC 5321 §4.5.3.2.6).",
      .help_ja = "順番待ちと送信を含む 1 通のスキャンの制限時間。送信側が本文への応答を待つのは 10 分。", .preset = 120s, .min = 1s, .max = 9min, .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> connect_timeout{*this, "connect_timeout", {
      .help = "Time for connecting to clamd.", .help_ja = "clamd への接続の制限時間。", .preset = 5s, .min = 1s, .max = 1min, .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> idle_timeout{*this, "idle_timeout", {
      .help = "Time in which clamd may take nothing of what it is sent.", .help_ja = "送った内容を clamd がまったく受け取らない時間の上限。", .preset = 30s, .min = 1s, .max = 5min, .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> parallel{*this, "parallel", {
      .help = "Scans at once; the others wait. MaxThreads of clamd.conf (10 unless set) should be as many.", .help_ja = "同時に行うスキャンの数。超えた分は順番を待つ。clamd.conf の MaxThreads(既定 10)と合わせる。",
      .preset = 10, .min = 1, .max = 1'000, .takes_effect = TakesEffect::NewConnections}};
  Setting<Texts> unscanned_networks{*this, "unscanned_networks", {
      .help = "Networks whose mail is not scanned: an inner server that has done it.", .help_ja = "スキャンしない接続元のネットワーク(すでにスキャン済みの内部サーバなど)。", .takes_effect = TakesEffect::NewConnections}};
  Setting<bool> header{*this, "header", {
      .help = "Write X-Virus-Scanned and X-Virus-Status into what was scanned and found clean too; what is tagged or passed unscanned has them always. Such fields of senders are removed.",
      .help_ja = "感染なしのメールにも X-Virus-Scanned と X-Virus-Status を書く(印付きのものには常に書く)。送信者が書いた同名のヘッダーは取り除く。",
      .preset = true, .takes_effect = TakesEffect::NewConnections}};
};

}  // namespace hikyaku::settings
