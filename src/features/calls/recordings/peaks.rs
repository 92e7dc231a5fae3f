//! The shape of a recording, computed while the file streams by.

use std::{
    collections::VecDeque,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use hound::{Sample, SampleFormat, WavReader};
use tokio::sync::Semaphore;

use super::dto::PeaksView;
use crate::error::{AppError, AppResult, ErrorKind};

/// Stretches a side.
const STRETCHES: u64 = 2_000;
/// Files read at the same time: an hour of two sides takes a core about a second.
const AT_ONCE: usize = 2;
/// Shapes kept, some 30 kB each.
const KEPT: usize = 64;

/// Computes shapes, a few at a time, and keeps the latest.
pub(super) struct Shapes {
    places: Arc<Semaphore>,
    /// By the file's tag, the latest last.
    kept: Mutex<VecDeque<(String, Arc<PeaksView>)>>,
}

impl Shapes {
    pub(super) fn new() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE)),
            kept: Mutex::default(),
        }
    }

    /// The shape of a file; `tag` changes when the file does.
    pub(super) async fn get(&self, tag: &str, file: PathBuf) -> AppResult<Arc<PeaksView>> {
        if let Some(known) = self.find(tag) {
            return Ok(known);
        }
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(AppError::internal)?;
        // Somebody else may have asked for the same one meanwhile.
        if let Some(known) = self.find(tag) {
            return Ok(known);
        }
        let job = tokio::task::spawn_blocking(move || {
            let shape = measure(&file);
            // Given back when the work is done, even if nobody waits for it any more.
            drop(place);
            shape
        });
        let shape = job.await.map_err(AppError::internal)?.map_err(|error| {
            let detail = "This recording is damaged or of a kind that cannot be drawn.";
            AppError::new(ErrorKind::InvalidTransition, "recording.unreadable", detail).with_source(error)
        })?;
        let shape = Arc::new(shape);
        self.keep(tag.to_owned(), Arc::clone(&shape));
        Ok(shape)
    }

    fn find(&self, tag: &str) -> Option<Arc<PeaksView>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(known, _)| known == tag)?;
        let entry = kept.remove(at)?;
        let shape = Arc::clone(&entry.1);
        kept.push_back(entry);
        Some(shape)
    }

    fn keep(&self, tag: String, shape: Arc<PeaksView>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_front();
        }
        kept.push_back((tag, shape));
    }
}

/// Reads the file once, holding no more than a buffer of it.
fn measure(file: &Path) -> Result<PeaksView, hound::Error> {
    let reader = WavReader::new(BufReader::with_capacity(64 * 1024, File::open(file)?))?;
    let spec = reader.spec();
    let frames = u64::from(reader.duration());
    if frames == 0 || spec.channels == 0 || spec.sample_rate == 0 {
        return Err(hound::Error::FormatError("no sound in it"));
    }
    let mut shape = Shape::new(spec.channels, frames);
    match spec.sample_format {
        SampleFormat::Float => shape.read::<f32>(reader, 1.0),
        SampleFormat::Int => {
            let full = 2_f32.powi(i32::from(spec.bits_per_sample) - 1);
            shape.read::<i32>(reader, full);
        }
    }
    if shape.frames_read == 0 {
        return Err(hound::Error::FormatError("no sound in it"));
    }
    Ok(PeaksView {
        channels: spec.channels,
        duration_ms: (shape.frames_read * 1000 / u64::from(spec.sample_rate)) as i64,
        peaks: shape.sides,
    })
}

struct Shape {
    sides: Vec<Vec<f32>>,
    frames: u64,
    frames_read: u64,
    stretches: u64,
}

impl Shape {
    fn new(channels: u16, frames: u64) -> Self {
        Self {
            sides: vec![Vec::new(); channels.into()],
            frames,
            frames_read: 0,
            stretches: frames.min(STRETCHES),
        }
    }

    /// Up to the end, or to where a file ends too early (the switch died while writing).
    fn read<S: Sample + Into<f64>>(&mut self, mut reader: WavReader<BufReader<File>>, full: f32) {
        let channels = self.sides.len() as u64;
        let samples = reader.samples::<S>().map_while(Result::ok);
        for (at, sample) in samples.enumerate() {
            let (frame, side) = (at as u64 / channels, (at as u64 % channels) as usize);
            let stretch = (frame * self.stretches / self.frames) as usize;
            let value = rounded((sample.into() as f32 / full).clamp(-1.0, 1.0));
            let side = &mut self.sides[side];
            if side.len() <= stretch * 2 {
                side.extend([value, value]);
            } else {
                side[stretch * 2] = side[stretch * 2].min(value);
                side[stretch * 2 + 1] = side[stretch * 2 + 1].max(value);
            }
            self.frames_read = frame + 1;
        }
    }
}

/// Three decimals are finer than a screen, and a third of the text.
fn rounded(value: f32) -> f32 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use hound::{WavSpec, WavWriter};

    use super::*;

    fn write(path: &Path, channels: u16, frames: impl IntoIterator<Item = i16>) {
        let spec = WavSpec {
            channels,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let mut writer = WavWriter::create(path, spec).unwrap();
        for sample in frames {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
    }

    #[test]
    fn two_sides_are_measured_apart_and_cut_to_two_thousand_stretches() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.wav");
        // The caller is loud, the agent silent but for one click in the middle.
        let samples = (0..16_000_i32).flat_map(|n| {
            let loud = if n % 2 == 0 { i16::MIN } else { 16_384 };
            [loud, if n == 8_000 { 8_192 } else { 0 }]
        });
        write(&file, 2, samples);
        let shape = measure(&file).unwrap();
        assert_eq!((shape.channels, shape.duration_ms), (2, 2000));
        assert_eq!(shape.peaks[0].len(), 4000);
        assert_eq!(shape.peaks[0][..2], [-1.0, 0.5]);
        let clicks: Vec<usize> = (0..4000).filter(|at| shape.peaks[1][*at] != 0.0).collect();
        assert_eq!(clicks, [2001]);
    }

    #[test]
    fn a_short_sound_has_as_many_stretches_as_samples() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.wav");
        write(&file, 1, [100, -100, 0]);
        assert_eq!(measure(&file).unwrap().peaks[0].len(), 6);
    }

    #[test]
    fn what_is_there_of_a_file_that_ends_too_early_is_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.wav");
        write(&file, 1, std::iter::repeat_n(1000, 8000));
        let bytes = std::fs::read(&file).unwrap();
        std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
        let shape = measure(&file).unwrap();
        assert!((490..=500).contains(&shape.duration_ms), "{}", shape.duration_ms);
    }

    #[tokio::test]
    async fn what_is_no_sound_is_a_problem_and_a_known_shape_is_not_measured_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.wav");
        let shapes = Shapes::new();
        for bad in [
            "",
            "RIFF",
            "this is text and no sound at all, however long it may be",
        ] {
            std::fs::write(&file, bad).unwrap();
            let error = shapes.get(bad, file.clone()).await.unwrap_err();
            assert_eq!(error.code(), "recording.unreadable");
        }
        write(&file, 1, [1, 2, 3]);
        let shape = shapes.get("tag", file.clone()).await.unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(shapes.get("tag", file).await.unwrap(), shape);
    }
}
