"""Speech Commands v0.02: 105,829 recordings of 35 words, one second each, 16 kHz.

Reference: Warden 2018, https://arxiv.org/abs/1804.03209. Splits are ours, by speaker: file names
begin with a random hexadecimal id of the speaker; 0 is dev, 1 test, the others train. The official
lists of files, as tables beside the folders, are read with

    awk -F/ '{print $0 "\\t" $1}' testing_list.txt > test.tsv

    problems:
      speech_commands_official:
        base: audio_speech_commands
        test: {paths: [test.tsv], format: audio_table, columns: {audio: 1, label: 2}}

    in   yes/0a7c2a8d_nohash_0.wav
    out  yes
"""

from components.datagen.problem import Problem
from components.datagen.sources.source import Source

ADDRESS = "http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz"
# As TensorFlow Datasets and torchaudio have it for this address; not checked against the server.
SHA256 = "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58"


def part(speakers: str) -> tuple[Source, ...]:
    """The recordings of speakers whose id begins so."""
    members = (f"*/{speakers}*_nohash_*.wav",)
    return (Source((ADDRESS,), "audio_files", sha256=(SHA256,), members=members),)


PROBLEM = Problem(
    task="audio_classification",
    train=part("[2-9a-f]"),
    dev=part("0"),
    test=part("1"),
    format="audio_files",
    licence="CC BY 4.0",
    expected="accuracy 0.882 with ten words and two classes for the rest, on the official split "
    "(Warden 2018, section 7); no published number for this one",
)
