from __future__ import annotations

import numpy as np
import pytest
import torch

from mem4d_ros.geometry import fov_to_intrinsics, pixel_rays, project, unproject


def test_the_principal_ray_points_forward() -> None:
    intrinsics = np.array([[50.0, 0.0, 3.0], [0.0, 40.0, 2.0], [0.0, 0.0, 1.0]])
    rays = pixel_rays(intrinsics, height=5, width=7)
    np.testing.assert_allclose(rays[2, 3], [0, 0, 1])
    np.testing.assert_allclose(rays[4, 6], [3 / 50, 2 / 40, 1])


def test_rays_are_the_inverse_intrinsics_times_the_pixel() -> None:
    intrinsics = np.array([[50.0, 1.5, 3.2], [0.0, 40.0, 2.1], [0.0, 0.0, 1.0]])
    rows, columns = np.mgrid[:5, :7]
    pixels = np.stack([columns, rows, np.ones((5, 7))], -1)
    expected = pixels @ np.linalg.inv(intrinsics).T
    np.testing.assert_allclose(pixel_rays(intrinsics, 5, 7), expected, atol=1e-12)


def test_projection_undoes_unprojection_for_a_batch_of_cameras() -> None:
    generator = torch.Generator().manual_seed(0)
    field_of_view = 0.8 + torch.rand(3, 2, generator=generator, dtype=torch.float64)
    intrinsics = fov_to_intrinsics(field_of_view, 12, 16)
    depth = 0.5 + torch.rand(3, 12, 16, generator=generator, dtype=torch.float64)
    pixels, projected_depth = project(unproject(depth, intrinsics), intrinsics)
    rows, columns = torch.meshgrid(torch.arange(12.0), torch.arange(16.0), indexing="ij")
    expected = torch.stack([columns, rows], -1).double().expand(3, -1, -1, -1)
    torch.testing.assert_close(pixels, expected)
    torch.testing.assert_close(projected_depth, depth)


def test_depth_is_along_z_and_invalid_depth_stays_invalid() -> None:
    depth = np.full((4, 6), 2.0)
    depth[1, 2] = np.nan
    points = unproject(depth, fov_to_intrinsics(np.array([1.0, 0.8]), 4, 6))
    assert np.isnan(points[1, 2]).all()
    assert np.nansum(points[..., 2] != 2.0) == 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_points_are_rays_as_long_as_the_depth_says_to_the_bit(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(1)
    depth = 0.5 + torch.rand(2, 12, 16, generator=generator, dtype=dtype)
    intrinsics = fov_to_intrinsics(torch.tensor([[1.0, 0.8], [0.7, 0.6]]), 12, 16)
    intrinsics[:, 0, 1] = 0.5
    expected = pixel_rays(intrinsics, 12, 16) * depth[..., None]
    assert torch.equal(unproject(depth, intrinsics), expected)
    assert torch.equal(
        unproject(depth, intrinsics[0]), pixel_rays(intrinsics[0], 12, 16) * depth[..., None]
    )
    one = unproject(depth[0], intrinsics)  # seen by two cameras
    assert torch.equal(one, pixel_rays(intrinsics, 12, 16) * depth[0, ..., None])
    of_arrays = unproject(depth.numpy(), intrinsics.numpy())
    assert of_arrays.dtype == expected.numpy().dtype
    assert np.array_equal(of_arrays, expected.numpy())


def test_points_tell_depth_and_intrinsics_how_to_change() -> None:
    depth = torch.full((3, 4), 2.0, dtype=torch.float64, requires_grad=True)
    intrinsics = torch.tensor([[5.0, 0.1, 1.5], [0, 6, 1], [0, 0, 1]], dtype=torch.float64)
    assert torch.autograd.gradcheck(unproject, (depth, intrinsics.requires_grad_()))
